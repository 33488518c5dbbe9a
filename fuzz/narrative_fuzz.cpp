// Narrative files, bots and policies: whatever is read is a narrative without mistakes or mistakes
// with their places, and one without mistakes can be planned. Answers of models are searched for
// JSON and TOML.
#include <cstdint>
#include <cstdlib>

#include "parley/narrative/bots.hpp"
#include "parley/narrative/extract.hpp"
#include "parley/narrative/load.hpp"
#include "parley/narrative/plan.hpp"
#include "parley/narrative/programs.hpp"

namespace {

class Same final : public parley::narrative::Sources {
 public:
  explicit Same(std::string_view of) : text_(of) {}
  parley::Result<std::string> read(const std::string& file) override {
    if (file.ends_with("missing.toml")) return parley::fail(parley::ErrorKind::not_found, file);
    return std::string(text_);
  }

 private:
  std::string_view text_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace parley::narrative;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  Same sources(text);
  const auto loaded = load("a.toml", sources);
  for (const auto& one : loaded.diagnostics)
    if (one.message.empty() || one.code.empty() || one.place.file.empty()) std::abort();
  if (loaded.ok())
    for (const auto& [name, narrative] : loaded.book.narratives) {
      const auto made = plan(narrative);
      std::size_t placed = 0;
      for (const auto& step : made.steps) placed += step.size();
      if (placed != narrative.acts.size() || !made.circle.empty()) std::abort();
    }
  Diagnostics mistakes;
  (void)read_policy("p.toml", text, mistakes);
  const auto bots = load_bots("b.toml", sources);
  if (bots.ok() && bots.bots.empty()) std::abort();
  (void)read_verdict(text);
  (void)extract(text, Output::Format::json);
  (void)extract(text, Output::Format::toml);
  return 0;
}
