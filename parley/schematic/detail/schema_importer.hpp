#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "parley/schematic/import.hpp"
#include "parley/schematic/names.hpp"

namespace parley::schematic::detail {

// A node of one of the documents that an import reads.
struct Node {
  Node() = default;
  Node(const Tree* node_tree, std::string of_file) : tree(node_tree), file(std::move(of_file)) {}
  explicit operator bool() const { return tree != nullptr; }
  Node find(std::string_view key) const;
  std::string text(std::string_view key) const;  // empty where it is not there
  bool flag(std::string_view key) const;

  const Tree* tree = nullptr;
  std::string file;  // empty: the document itself
};

// Empty where the node is none, or of another kind.
const std::vector<Tree::Member>& members_of(const Node& node);
const std::vector<Tree>& items_of(const Node& node);

// The name at the end of a reference's target; "Root" where it is a whole document.
std::string last_part(const std::string& target);

// Follows $ref in one document and in those it names.
class References {
 public:
  References(const Tree& document, const ImportOptions& options, Diagnostics& report);

  Node root() const { return {root_, ""}; }
  // The node itself, or what its $ref leads to, through any number of steps. Empty after an error.
  Node follow(Node node);
  // "file#/components/schemas/X" of a node that is a $ref; empty where it is none.
  static std::string target_of(const Node& node);
  Node find(const std::string& target, Location at);
  Node walk(Node at, std::string_view pointer, int depth);
  Diagnostics& report() { return report_; }
  const ImportOptions& options() const { return options_; }

 private:
  const Tree* root_;
  const ImportOptions& options_;
  Diagnostics& report_;
  std::map<std::string, Tree> files_;
  int following_ = 0;
};

// JSON Schema to types. Each schema that has a name of its own becomes a type of the definition.
class SchemaImporter {
 public:
  SchemaImporter(References& references, Definition& out) : references_(references), out_(out) {}

  // `hint` names a type that has to be made for the schema.
  Type import(Node schema, const std::string& hint);
  // The same, and the result is always a type with a name (a structure where it can be).
  Type import_named(Node schema, const std::string& hint);
  void import_component(const std::string& name, Node schema);
  // Unions that cannot be told apart become json, each with a note.
  void settle();

 private:
  Type by_keyword(const Node& schema, const std::string& hint);
  Type by_type(const Node& schema, const std::string& word, const std::string& hint);
  Type by_reference(const Node& schema, const std::string& target);
  Type any_of(const Node& schema, const Node& list, const std::string& hint);
  Type import_union(const Node& schema, const std::vector<Node>& wanted, const std::string& hint,
                    bool& nullable);
  Type all_of(const Node& schema, const Node& list, const std::string& hint);
  Type object(const Node& schema, const std::string& hint);
  Type array(const Node& schema, const std::string& hint);
  std::optional<Type> literal_or_enum(const Node& schema, const std::string& hint);
  std::optional<Type> fern_type(const Node& schema);
  void add_fields(const Node& schema, const std::string& hint, std::vector<Field>& out, int depth);
  void add_examples(const Node& schema, TypeDefinition& type);
  void note_dropped(const Node& schema);
  std::string take_name(const std::string& hint);
  Type add(TypeDefinition type, const std::string& hint);
  std::string description_of(const Node& schema) const;
  void note(const Node& at, std::string_view code, const std::string& text);

  References& references_;
  Definition& out_;
  NameScope names_;
  std::map<std::string, std::string> by_target_;  // $ref → type name
  std::map<std::string, Type> simple_;            // $ref → a type that needs no name
  std::set<std::string> open_;                    // $refs on the way
  std::set<std::string> used_;                    // of these, those that were met again
  std::map<std::string, Location> places_;        // of types made here
  int depth_ = 0;
};

}  // namespace parley::schematic::detail
