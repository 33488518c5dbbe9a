#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "parley/base/text.hpp"
#include "parley/ws/connection.hpp"

using namespace parley;

namespace {

std::string events(std::string_view bytes, ws::Role role, const ws::Agreement& agreement,
                   std::size_t piece) {
  SeededRandom random(1);
  ws::Options options;
  options.max_message = 1000;
  ws::Connection connection(role, options, random, TimePoint(), agreement);
  std::string all;
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    std::string part(bytes.substr(at, piece));
    connection.receive({reinterpret_cast<std::byte*>(part.data()), part.size()}, TimePoint());
    while (auto event = connection.poll_event()) {
      if (event->kind == ws::Event::Kind::text && !is_valid_utf8(event->text())) std::abort();
      if (event->data.size() > options.max_message) std::abort();
      all += std::to_string(static_cast<int>(event->kind)) + "|" + std::to_string(event->code) +
             "|" + std::string(event->text()) + "\x01";
    }
  }
  return all;
}

}  // namespace

// However frames are cut, they mean the same.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  ws::Agreement deflating;
  deflating.deflate = ws::DeflateAgreement();
  for (const auto role : {ws::Role::client, ws::Role::server})
    for (const auto& agreement : {ws::Agreement(), deflating})
      if (events(bytes, role, agreement, size + 1) != events(bytes, role, agreement, 1))
        std::abort();
  return 0;
}
