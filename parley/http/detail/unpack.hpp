#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "parley/base/error.hpp"
#include "parley/http/coding.hpp"

namespace parley::http::detail {

constexpr std::size_t kUnpackPiece = 64 * 1024;

// One coding's decoder.
class Unpacker {
 public:
  struct Step {
    Step() = default;
    std::size_t used = 0;
    std::string output;  // at most kUnpackPiece bytes; empty: nothing more comes of this input
  };
  virtual ~Unpacker() = default;
  // The error's message says what is wrong with the bytes.
  virtual Result<Step> unpack(std::string_view input) = 0;
  // The coding has come to its end.
  virtual bool at_end() const = 0;
};

// `beginning`: the first bytes, by which zlib's frame is told from none; null: more of them are
// needed first.
std::unique_ptr<Unpacker> make_unpacker(Coding coding, std::string_view beginning);

}  // namespace parley::http::detail
