#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "parley/json/detail/scan.hpp"
#include "parley/json/document.hpp"

namespace parley::json::detail {

// Reads a JSON text (RFC 8259, nothing more) into nodes. One pass, no copy of strings without
// escapes. It is kept and used again, so that a text costs no allocation.
class Parser {
 public:
  // What is wrong and where; `what` is empty where the text is right.
  struct Mistake {
    std::string_view what;
    std::size_t at = 0;  // byte of the text
  };

  // The nodes refer to `text`, and are valid until the next parse().
  Mistake parse(std::string_view text, std::size_t max_depth);
  const Node* nodes() const { return nodes_.get(); }
  // Bytes held for the next text.
  std::size_t held() const { return capacity_ * sizeof(Node) + room_; }

  static constexpr std::string_view too_deep = "nested too deep";
  static constexpr std::string_view too_large = "the text is larger than 4 GiB";

 private:
  bool value(std::size_t depth);
  bool object(std::size_t depth);
  bool array(std::size_t depth);
  bool string();
  bool escaped_string(const char* begin);
  bool escape(char*& out);
  bool unicode_escape(char*& out);
  bool number();
  bool real_number(const char* begin);
  bool word(std::string_view text, char tag);
  bool mistake(std::string_view what, const char* at);
  void skip_space();
  char* room_for_rest();
  Node& add(char tag);
  void grow();
  bool close(std::size_t opened, bool comma);

  const char* begin_ = nullptr;
  const char* at_ = nullptr;
  const char* end_ = nullptr;
  std::size_t max_depth_ = 0;
  Mistake mistake_;
  Scanner scanner_;
  std::unique_ptr<Node[]> nodes_;
  std::size_t count_ = 0, capacity_ = 0;
  std::unique_ptr<char[]> unescaped_;  // as large as the text: what is unescaped never grows
  std::size_t room_ = 0, used_ = 0;
};

}  // namespace parley::json::detail
