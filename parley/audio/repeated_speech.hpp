#pragma once

#include <string>
#include <string_view>

namespace parley::audio {

// What is new in the transcript of a user whose speech is heard again: behind a lost connection it
// goes to the service once more, which transcribes it once more. Compares letters and digits,
// whatever their case, spaces and punctuation.
class RepeatedSpeech {
 public:
  // The next fragment; returns what of it, and of fragments that were kept back, is new. Without
  // again() that is the fragment itself.
  std::string pass(std::string_view text);
  // The same for a guess that the next fragment replaces; changes nothing.
  std::string guess(std::string_view text) const;
  // What was said since over() is heard again from here on, all of it or its end.
  void again();
  // It is answered: what comes is another question, of which `open` was said already.
  void over(std::string_view open = {});
  // The last pass() found that the service hears the same speech differently now: what it returned
  // replaces all that was told since over().
  bool differs() const { return differs_; }

 private:
  struct Found {
    Found() = default;
    bool repeated = false, differs = false;
    std::string fresh;
  };
  Found look(const std::string& raw) const;
  void know(std::string_view text);

  std::string known_;  // letters and digits since over(), in lower case
  std::string raw_;    // since again()
  bool again_ = false, differs_ = false;
};

}  // namespace parley::audio
