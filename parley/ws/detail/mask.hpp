#pragma once

#include <array>
#include <cstddef>

#include "parley/base/bytes.hpp"

namespace parley::ws::detail {

using MaskKey = std::array<std::byte, 4>;

// XORs `data` in place with the key (RFC 6455, 5.3), beginning at byte `phase` of the masked
// payload.
void apply_mask(MutableBytesView data, const MaskKey& key, std::size_t phase = 0);

}  // namespace parley::ws::detail
