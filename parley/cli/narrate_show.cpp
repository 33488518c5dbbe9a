#include <iostream>

#include <fmt/format.h>

#include "parley/base/text.hpp"
#include "parley/cli/console.hpp"
#include "parley/cli/narrate.hpp"
#include "parley/cli/narrate_view.hpp"
#include "parley/json/value.hpp"
#include "parley/narrative/files.hpp"

namespace parley::cli {
namespace {

using narrative::Entry;
using narrative::EntryType;

std::string clean(std::string_view text) {
  return strip_control(to_valid_utf8(text));
}

std::string facts(const Entry& entry) {
  std::string out;
  if (!entry.model.empty()) out += "  " + entry.model;
  if (entry.tokens.total() > 0)
    out += fmt::format("  {} + {} tokens", entry.tokens.input, entry.tokens.output);
  if (const auto money = money_text(entry.cost.value_or(0)); !money.empty()) out += "  " + money;
  if (entry.ms > 0) out += "  " + time_text(std::chrono::milliseconds(entry.ms));
  return out;
}

void print_entry(const Entry& entry, const Style& style, bool prompts) {
  switch (entry.type) {
    case EntryType::begin:
      std::cout << style.bold("narrative " + clean(entry.narrative))
                << fmt::format("  run {}  {}\n", entry.run, entry.at);
      break;
    case EntryType::resume:
      std::cout << style.dim("resumed " + entry.at) << "\n";
      break;
    case EntryType::call:
      if (prompts) std::cout << clean(json::to_pretty_string(*entry.request)) << "\n";
      break;
    case EntryType::answer:
      if (prompts)
        std::cout << style.dim(fmt::format("answer{}  {}", facts(entry), entry.finish_reason))
                  << "\n"
                  << clean(entry.text) << "\n";
      break;
    case EntryType::failure:
      std::cout << style.red("failed ") << clean(entry.path + ": " + entry.message) << "\n";
      break;
    case EntryType::end_act:
      std::cout << style.bold(clean(entry.path)) << "  " << entry.status << facts(entry) << "\n";
      if (!entry.message.empty()) std::cout << "  " << clean(entry.message) << "\n";
      for (const auto& note : entry.notes) std::cout << "  " << clean(note) << "\n";
      if (!entry.text.empty()) std::cout << clean(entry.text) << "\n";
      break;
    case EntryType::end:
      std::cout << style.bold("end: " + entry.status) << facts(entry) << "\n";
      break;
    default:
      break;
  }
}

}  // namespace

int narrate_show(const NarrateOptions& options) {
  const auto entries = narrative::read_record(options.file);
  if (!entries) return narrate_failed(entries.error().message(), exit_code::failed);
  const auto style = Style::of(stdout);
  for (const auto& entry : *entries) {
    if (options.json)
      std::cout << narrative::to_line(entry) << "\n";
    else
      print_entry(entry, style, options.prompts);
  }
  std::cout << std::flush;
  return exit_code::ok;
}

}  // namespace parley::cli
