#include <algorithm>

#include "parley/net/detail/group_access.hpp"

namespace parley::net {

namespace {

using Membership = std::pair<void*, std::uint32_t>;

auto membership_of(detail::SocketItem::Extras& extras, const SocketGroup::Impl& group) {
  return std::ranges::find(extras.groups, &group, &Membership::first);
}

}  // namespace

void GroupAccess::join(SocketGroup::Impl& group, detail::SocketItem& item) {
  auto& extras = item.extras();
  if (membership_of(extras, group) != extras.groups.end()) return;
  extras.groups.emplace_back(&group, static_cast<std::uint32_t>(group.members.size()));
  group.members.push_back(&item);
}

// The last member takes the place of the one that leaves.
void GroupAccess::leave(SocketGroup::Impl& group, detail::SocketItem& item) {
  auto* extras = item.extras_or_null();
  if (!extras) return;
  const auto found = membership_of(*extras, group);
  if (found == extras->groups.end()) return;
  const std::uint32_t place = found->second;
  extras->groups.erase(found);
  detail::SocketItem* last = group.members.back();
  group.members.pop_back();
  if (last == &item) return;
  group.members[place] = last;
  membership_of(last->extras(), group)->second = place;
}

void GroupAccess::leave_all(detail::SocketItem& item) {
  auto* extras = item.extras_or_null();
  while (extras && !extras->groups.empty())
    leave(*static_cast<SocketGroup::Impl*>(extras->groups.back().first), item);
}

bool detail::publish_to(SocketItem& item, const ws::PreparedMessage& message) {
  const auto sent = item.send(message);
  if (sent || sent.error().kind() != ErrorKind::too_large) return sent.has_value();
  const auto& policy = item.host().options.slow_reader;
  if (policy.close) item.close(policy.code, policy.reason);
  return false;
}

SocketGroup::SocketGroup() : impl_(std::make_unique<Impl>()) {}

SocketGroup::~SocketGroup() {
  while (!impl_->members.empty()) GroupAccess::leave(*impl_, *impl_->members.back());
}

void SocketGroup::join(ServerSocket& socket) {
  GroupAccess::join(*impl_, static_cast<detail::SocketItem&>(socket));
}

void SocketGroup::leave(ServerSocket& socket) {
  GroupAccess::leave(*impl_, static_cast<detail::SocketItem&>(socket));
}

std::size_t SocketGroup::size() const {
  return impl_->members.size();
}

std::size_t SocketGroup::publish(const ws::PreparedMessage& message, const ServerSocket* except) {
  std::size_t count = 0;
  for (auto* member : impl_->members)
    if (static_cast<const ServerSocket*>(member) != except)
      count += detail::publish_to(*member, message) ? 1 : 0;
  return count;
}

}  // namespace parley::net
