#include "parley/ws/prepared.hpp"

#include "parley/ws/detail/frame_header.hpp"
#include "parley/ws/detail/spare.hpp"

namespace parley::ws {
namespace {

void append_frame(std::string& out, bool text, bool compressed, std::string_view payload) {
  detail::FrameHeader header;
  header.opcode = text ? Opcode::text : Opcode::binary;
  header.rsv = compressed ? detail::kRsv1 : 0;
  header.length = payload.size();
  out.reserve(payload.size() + detail::kMaxHeader);
  detail::write_header(out, header);
  out += payload;
}

}  // namespace

PreparedMessage::PreparedMessage(bool is_text, std::string_view payload)
    : text_(is_text), payload_size_(payload.size()) {
  append_frame(plain_, text_, false, payload);
}

std::string_view PreparedMessage::payload() const {
  return std::string_view(plain_).substr(plain_.size() - payload_size_);
}

const std::string* PreparedMessage::deflated(const DeflateAgreement& agreement,
                                             Context& context) const {
  if (payload_size_ < agreement.min_size) return nullptr;
  const auto [at, is_new] = deflated_.try_emplace(agreement.server_max_window_bits);
  std::string& frame = at->second;
  if (is_new) {
    auto deflater = context.spare().take_deflater(at->first, agreement);
    std::string packed = context.spare().take_buffer();
    deflater->append(packed, as_bytes(payload()), true);
    if (packed.size() < payload_size_) append_frame(frame, text_, true, packed);
    context.spare().give_back(packed);
    context.spare().give_back(std::move(deflater));
  }
  return frame.empty() ? nullptr : &frame;
}

}  // namespace parley::ws
