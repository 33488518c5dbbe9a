#pragma once

#include <cstdint>
#include <string_view>

namespace parley::ws {

enum class Role { client, server };
enum class MessageKind { text, binary };

// RFC 6455, 5.2.
enum class Opcode : std::uint8_t {
  continuation = 0x0,
  text = 0x1,
  binary = 0x2,
  close = 0x8,
  ping = 0x9,
  pong = 0xA,
};

// RFC 6455, 7.4.1, and the registry it opened. 1005, 1006 and 1015 are never on the wire.
namespace close_code {
inline constexpr std::uint16_t normal = 1000;
inline constexpr std::uint16_t going_away = 1001;
inline constexpr std::uint16_t protocol_error = 1002;
inline constexpr std::uint16_t unsupported_data = 1003;
inline constexpr std::uint16_t no_status = 1005;
inline constexpr std::uint16_t abnormal = 1006;
inline constexpr std::uint16_t invalid_payload = 1007;
inline constexpr std::uint16_t policy_violation = 1008;
inline constexpr std::uint16_t too_big = 1009;
inline constexpr std::uint16_t missing_extension = 1010;
inline constexpr std::uint16_t internal_error = 1011;
inline constexpr std::uint16_t service_restart = 1012;
inline constexpr std::uint16_t try_again_later = 1013;
inline constexpr std::uint16_t tls_handshake = 1015;
}  // namespace close_code

// True for a code that an endpoint may put into a close frame: 1000 to 1003, 1007 to 1014, 3000 to
// 4999.
bool is_sendable_close_code(std::uint16_t code);

}  // namespace parley::ws
