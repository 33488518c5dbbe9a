#pragma once

#include <string>
#include <vector>

#include "parley/narrative/detail/table_reader.hpp"
#include "parley/narrative/load.hpp"

// Reading of tables into the types of narrative.hpp, one function for each kind.
namespace parley::narrative::detail {

// One file while it is read: its tree, for resources that are referred to by name.
class FileReader {
 public:
  FileReader(FileContext& context, const Node& root, Sources& sources)
      : context_(context), root_(root), sources_(sources) {}

  // All narratives of the file, in its order, with nested names as they are written.
  std::vector<Narrative> read();
  std::map<std::string, Price> prices();

 private:
  Narrative narrative(const Node& table, const std::string& name, bool alone);
  void toc(const Node* toc, const Node* own_acts, bool alone, Narrative& out);
  std::vector<std::pair<std::string, Place>> order(const Node& toc);
  void unused_acts();
  void content(TableReader& in, Narrative& out);

  Act act(const std::string& name, const Node& node);
  void act_flow(TableReader& in, Act& out);
  void act_results(TableReader& in, Act& out);
  void act_live(TableReader& in, Act& out);
  LiveSettings live(const Node& table);
  Settings settings(TableReader& in);
  Budget budget(const Node& table);
  Carousel carousel(const Node& table);
  std::optional<Retry> retry(TableReader& in);
  std::optional<History> history(TableReader& in);
  Condition condition(const Node& table, bool needs_value, std::string what);
  std::optional<Loop> loop(TableReader& in);
  Output output(const Node& table);
  Assertion assertion(const Node& table);
  json::Any schema(const Node& node, std::string* name);

  std::vector<Input> inputs(const Node& node);
  std::optional<Input> input(const Node& node);
  std::optional<Input> referred(const Node& text);
  void resource(TableReader& in, std::string_view kind, Input& out);
  MediaInput media(TableReader& in, std::optional<MediaKind> kind);
  CommandInput command(TableReader& in);
  TableInput table(TableReader& in);
  std::string database(TableReader& in);

  FileContext& context_;
  const Node& root_;
  Sources& sources_;
  std::vector<std::string> used_acts_;
};

}  // namespace parley::narrative::detail
