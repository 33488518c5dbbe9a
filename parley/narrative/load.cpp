#include "parley/narrative/load.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <deque>
#include <set>

#include <fmt/format.h>

#include "parley/narrative/check.hpp"
#include "parley/narrative/detail/readers.hpp"

namespace parley::narrative {
namespace {

constexpr std::size_t kMostFiles = 100;

// "a.toml", "a.toml#name", "#name" and "name".
struct Named {
  explicit Named(std::string_view text) {
    const auto hash = text.find('#');
    const auto front = text.substr(0, hash);
    if (hash != std::string_view::npos) {
      file = std::string(front);
      name = std::string(text.substr(hash + 1));
    } else if (front.ends_with(".toml")) {
      file = std::string(front);
    } else {
      name = std::string(front);
    }
  }
  std::string file, name;
};

class Loader {
 public:
  Loader(std::string file, Sources& sources) : first_(std::move(file)), sources_(sources) {}

  Loaded run() {
    want(first_, Place(first_, 0, 0));
    while (!waiting_.empty()) {
      const auto [file, place] = std::move(waiting_.front());
      waiting_.pop_front();
      read(file, place);
    }
    each_reference([this](std::string& name, const Place& place) { resolve(name, place); });
    if (!has_errors(out_.diagnostics) || !out_.book.narratives.empty())
      check(out_.book, out_.diagnostics);
    sort_by_place(out_.diagnostics);
    return std::move(out_);
  }

 private:
  void want(const std::string& file, const Place& place) {
    if (!seen_.insert(file).second) return;
    if (seen_.size() > kMostFiles)
      out_.diagnostics.emplace_back(place, "file_read",
                                    fmt::format("more than {} files belong together", kMostFiles));
    else
      waiting_.emplace_back(file, place);
  }

  void read(const std::string& file, const Place& place) {
    auto text = sources_.read(file);
    if (!text) {
      out_.diagnostics.emplace_back(place, "file_read", text.error().message());
      return;
    }
    const auto& kept = out_.book.sources[file] = std::move(*text);
    const auto before = out_.diagnostics.size();
    const auto root = detail::read_toml(file, kept, out_.diagnostics);
    if (out_.diagnostics.size() != before) return;
    detail::FileContext context(file, kept, out_.diagnostics);
    detail::FileReader reader(context, root, sources_);
    auto narratives = reader.read();
    if (file == first_ && (root.find("narrative") || narratives.size() == 1))
      out_.book.main = narratives.front().name;
    for (auto& [model, price] : reader.prices()) out_.book.prices.emplace(model, price);
    for (auto& narrative : narratives) {
      const auto id = file == first_ ? narrative.name : file + "#" + narrative.name;
      names_[file].push_back(narrative.name);
      if (file == first_) out_.book.own.push_back(id);
      walk(narrative, [this, &file](std::string& name, const Place& at) {
        if (const Named named(name); !named.file.empty()) want(file_beside(file, named.file), at);
      });
      out_.book.narratives.insert_or_assign(id, std::move(narrative));
    }
  }

  template <class Visit>
  static void walk(Narrative& narrative, const Visit& visit) {
    for (auto& act : narrative.acts) {
      if (!act.nested.empty()) visit(act.nested, act.nested_place);
      for (auto& input : act.inputs)
        if (auto* nested = std::get_if<NestedInput>(&input.what)) visit(nested->name, input.place);
    }
  }
  template <class Visit>
  void each_reference(const Visit& visit) {
    for (auto& [id, narrative] : out_.book.narratives) walk(narrative, visit);
  }

  // The name as it is written becomes one of Book::narratives.
  void resolve(std::string& name, const Place& place) {
    const Named named(name);
    const auto file = named.file.empty() ? place.file : file_beside(place.file, named.file);
    const auto found = names_.find(file);
    if (found == names_.end()) return name.clear();  // the file could not be read, as is told
    const auto& known = found->second;
    if (named.name.empty() && known.size() > 1) {
      out_.diagnostics.emplace_back(
          place, "unknown_reference",
          fmt::format("{} has several narratives; write \"{}#{}\"", file, name, known.front()));
      return name.clear();
    }
    const auto& wanted = named.name.empty() ? known.front() : named.name;
    if (std::ranges::find(known, wanted) == known.end()) {
      const std::vector<std::string_view> names(known.begin(), known.end());
      out_.diagnostics.emplace_back(place, "unknown_reference",
                                    fmt::format("there is no narrative {} in {}{}", wanted, file,
                                                did_you_mean(wanted, names)));
      return name.clear();
    }
    name = file == first_ ? wanted : file + "#" + wanted;
  }

  std::string first_;
  Sources& sources_;
  Loaded out_;
  std::set<std::string> seen_;
  std::deque<std::pair<std::string, Place>> waiting_;
  std::map<std::string, std::vector<std::string>> names_;
};

}  // namespace

std::string file_beside(std::string_view file, std::string_view named) {
  if (named.starts_with('/')) return std::string(named);
  const auto slash = file.rfind('/');
  std::string out(slash == std::string_view::npos ? "" : file.substr(0, slash + 1));
  while (named.starts_with("./")) named.remove_prefix(2);
  return out + std::string(named);
}

Loaded load(const std::string& file, Sources& sources) {
  return Loader(file, sources).run();
}

}  // namespace parley::narrative
