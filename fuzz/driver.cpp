// Replays every file of the given folders, then mutates them: bytes flipped, cut, doubled, spliced
// and replaced by words of grammars. The same seed gives the same inputs; a crash is repeated by
// --seed N, or kept by writing the printed input to a file of the corpus.

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "parley/base/random.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

constexpr std::size_t kLargest = 8192;

void try_input(const std::string& input) {
  // A buffer of its own size, so that the sanitizer sees each byte read past the end.
  const std::vector<std::uint8_t> exact(input.begin(), input.end());
  LLVMFuzzerTestOneInput(exact.data(), exact.size());
}

std::vector<std::string> read_corpus(const std::vector<std::string>& folders) {
  std::vector<std::string> corpus(1);
  for (const auto& folder : folders) {
    if (!std::filesystem::exists(folder)) continue;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
      if (!entry.is_regular_file()) continue;
      std::ifstream file(entry.path(), std::ios::binary);
      corpus.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
    }
  }
  std::ranges::sort(corpus);
  return corpus;
}

const std::vector<std::string> kWords = {"\r\n",
                                         "\r\n\r\n",
                                         "\n\n",
                                         "data: ",
                                         ":",
                                         ",",
                                         "{",
                                         "}",
                                         "[",
                                         "]",
                                         "\"",
                                         "\\u0000",
                                         "\\ud800",
                                         "null",
                                         "-0",
                                         "1e999",
                                         "0x",
                                         "%00",
                                         "%",
                                         "\xef\xbb\xbf",
                                         "\xff",
                                         "\xed\xa0\x80",
                                         "\xf4\x90\x80\x80",
                                         "Content-Length: ",
                                         "Transfer-Encoding: chunked\r\n",
                                         "Host: ",
                                         "HTTP/1.1",
                                         "\x81",
                                         "\x88",
                                         std::string(1, '\0'),
                                         std::string("\x7f\xff\xff\xff\xff\xff\xff\xff", 8),
                                         "\"type\":",
                                         "\"error\":"};

void mutate_once(std::string& input, parley::Random& random,
                 const std::vector<std::string>& corpus) {
  const auto at = random.below(input.size() + 1);
  const auto length = random.below(16);
  switch (random.below(7)) {
    case 0:
      if (at < input.size()) input[at] = static_cast<char>(random.next());
      break;
    case 1:
      if (at < input.size()) input[at] = static_cast<char>(input[at] ^ (1 << random.below(8)));
      break;
    case 2:
      input.erase(at, length);
      break;
    case 3:
      input.insert(at, input.substr(random.below(input.size() + 1), length));
      break;
    case 4:
      input.insert(at, kWords[random.below(kWords.size())]);
      break;
    case 5:
      input.resize(at);
      break;
    default: {
      const auto& other = corpus[random.below(corpus.size())];
      input.insert(at, other.substr(random.below(other.size() + 1), 1 + random.below(200)));
    }
  }
  if (input.size() > kLargest) input.resize(kLargest);
}

}  // namespace

int main(int argc, char** argv) {
  std::uint64_t rounds = 1000, seed = 1;
  std::vector<std::string> folders;
  for (int i = 1; i < argc; ++i) {
    const bool has_value = i + 1 < argc;
    if (std::strcmp(argv[i], "--rounds") == 0 && has_value)
      rounds = std::strtoull(argv[++i], nullptr, 10);
    else if (std::strcmp(argv[i], "--seed") == 0 && has_value)
      seed = std::strtoull(argv[++i], nullptr, 10);
    else
      folders.emplace_back(argv[i]);
  }
  const auto corpus = read_corpus(folders);
  for (const auto& input : corpus) try_input(input);
  parley::SeededRandom random(seed);
  for (std::uint64_t round = 0; round < rounds; ++round) {
    std::string input = corpus[random.below(corpus.size())];
    for (auto left = 1 + random.below(8); left > 0; --left) mutate_once(input, random, corpus);
    try_input(input);
  }
  std::printf("%zu inputs replayed, %llu mutated\n", corpus.size(),
              static_cast<unsigned long long>(rounds));
}
