#pragma once

#include <cstddef>

namespace parley::audio::detail {

// Sum of products; `size` is a multiple of 32. The order of the sum depends on the processor, not
// on where the numbers lie.
float dot(const float* a, const float* b, std::size_t size);
// The same without wide registers, for processors that lack them.
float dot_plain(const float* a, const float* b, std::size_t size);

}  // namespace parley::audio::detail
