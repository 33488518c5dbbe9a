#pragma once

#include <string_view>
#include <vector>

#include "parley/gemini/types.hpp"

namespace parley::emulator {

// The offline model's count of tokens. Text: a quarter of its Unicode scalars, at least one.
int count_tokens(std::string_view text);
// What is in the parts: text, calls, and inline data by tokens_of_media(). Files that are only
// named count nothing here.
int count_tokens(const std::vector<gemini::Content>& contents);

// What a file counts for, as the service's documents price it: text as text, a picture and each
// second of a video 258, a second of sound 25, a page of a PDF 258. The length of sounds in other
// forms than WAV and PCM is that of 128 kbit/s; other files are one page.
int tokens_of_media(std::string_view mime_type, std::string_view bytes);

}  // namespace parley::emulator
