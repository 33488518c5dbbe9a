#include <algorithm>

#include <fmt/format.h>

#include "parley/base/text.hpp"
#include "parley/json/value.hpp"
#include "parley/narrative/detail/readers.hpp"
#include "parley/narrative/media_types.hpp"

namespace parley::narrative::detail {
namespace {

using Kind = Node::Kind;

// "bots.x", "tables.x", "media.x": a text that is nothing but that.
bool is_reference(std::string_view text, std::string_view& kind, std::string_view& name) {
  for (const std::string_view prefix : {"bots", "tables", "media"}) {
    if (!text.starts_with(prefix) || text.size() <= prefix.size() || text[prefix.size()] != '.')
      continue;
    name = text.substr(prefix.size() + 1);
    kind = prefix;
    return !name.empty() && std::ranges::all_of(name, [](unsigned char c) {
      return std::isalnum(c) || c == '_' || c == '-';
    });
  }
  return false;
}

}  // namespace

std::vector<Input> FileReader::inputs(const Node& node) {
  std::vector<Input> out;
  const auto add = [&](const Node& one) {
    if (auto read = input(one)) out.push_back(std::move(*read));
  };
  if (node.kind == Kind::list)
    for (const auto& element : node.elements) add(element);
  else
    add(node);
  return out;
}

std::optional<Input> FileReader::referred(const Node& text) {
  std::string_view kind, name;
  Input out;
  out.place = text.place;
  constexpr std::string_view kNarrative = "narrative:";
  if (text.text.starts_with(kNarrative)) {
    out.what.emplace<NestedInput>().name =
        std::string(trim(std::string_view(text.text).substr(kNarrative.size())));
    return out;
  }
  if (!is_reference(text.text, kind, name)) return std::nullopt;
  const Node* all = root_.find(kind);
  const Node* found = all ? all->find(name) : nullptr;
  if (!found || found->kind != Kind::table) {
    std::vector<std::string_view> names;
    if (all)
      for (const auto& member : all->members) names.push_back(member.name);
    context_.complain(text.place, "unknown_reference",
                      fmt::format("there is no [{}.{}]{}", kind, name, did_you_mean(name, names)));
    std::get<TextInput>(out.what).content = plain_template(text.text);
    return out;
  }
  TableReader in(context_, *found, std::string(text.text));
  resource(in, kind, out);
  in.finish();
  return out;
}

void FileReader::resource(TableReader& in, std::string_view kind, Input& out) {
  if (kind == "bots") out.what = command(in);
  if (kind == "tables") out.what = table(in);
  if (kind == "media") {
    std::optional<MediaKind> media_kind;
    if (const auto type = in.choice("type", {"image", "audio", "video", "document"}))
      media_kind = static_cast<MediaKind>(*type);
    out.what = media(in, media_kind);
  }
  if (const auto kept = in.choice("history_retention", {"full", "summary", "drop"}))
    out.retention = static_cast<Retention>(*kept + 1);
}

std::optional<Input> FileReader::input(const Node& node) {
  if (node.kind == Kind::text) {
    if (auto found = referred(node)) return found;
    Input out;
    out.place = node.place;
    out.what.emplace<TextInput>().content = context_.read_template(node);
    return out;
  }
  if (node.kind != Kind::table) {
    context_.complain(
        node.place, "wrong_type",
        fmt::format("an input is {}, and must be a text or a table", to_string(node.kind)));
    return std::nullopt;
  }
  TableReader in(context_, node, "input");
  Input out;
  out.place = node.place;
  const auto type = in.choice("type", {"image", "audio", "video", "document", "text", "bot_command",
                                       "table", "narrative", "ref", "microphone"});
  if (!type) {
    if (!node.find("type")) in.complain(node.place, "missing_key", "type is missing");
    return std::nullopt;
  }
  if (*type < 4) {
    out.what = media(in, static_cast<MediaKind>(*type));
  } else if (*type == 4) {
    auto& text = out.what.emplace<TextInput>();
    text.content = in.template_of("content");
    if (!in.has("content")) in.complain(node.place, "missing_key", "content is missing");
  } else if (*type == 5) {
    out.what = command(in);
  } else if (*type == 6) {
    out.what = table(in);
  } else if (*type == 9) {
    out.what.emplace<MicrophoneInput>();
  } else {
    const auto name = in.text("name");
    if (*type == 7) {
      out.what.emplace<NestedInput>().name = name;
      if (name.empty()) in.complain(node.place, "missing_key", "name is missing");
    } else if (const Node* named = node.find("name"); named && named->kind == Kind::text) {
      const auto found = referred(*named);
      if (found)
        out.what = found->what;
      else
        in.complain(named->place, "unknown_reference",
                    fmt::format("\"{}\" is none of bots.x, tables.x, media.x, narrative:x", name));
    }
  }
  if (const auto kept = in.choice("history_retention", {"full", "summary", "drop"}))
    out.retention = static_cast<Retention>(*kept + 1);
  in.finish();
  return out;
}

MediaInput FileReader::media(TableReader& in, std::optional<MediaKind> kind) {
  MediaInput out;
  out.url = in.template_of("url");
  out.base64 = in.template_of("base64");
  out.file = in.template_of("file");
  out.mime = in.text("mime");
  if (out.mime.empty()) out.mime = in.text("mime_type");
  out.filename = in.text("filename");
  const int given = !out.url.empty() + !out.base64.empty() + !out.file.empty();
  if (given != 1)
    in.complain(in.place(), "missing_key", "exactly one of url, base64 and file must be given");
  if (out.mime.empty() && !out.file.empty()) out.mime = std::string(mime_type_of(out.file.source));
  if (out.mime.empty() && !out.url.empty()) out.mime = std::string(mime_type_of(out.url.source));
  if (out.mime.empty() && !out.filename.empty()) out.mime = std::string(mime_type_of(out.filename));
  if (out.mime.empty() && given == 1)
    in.complain(in.place(), "missing_key",
                "mime is missing: the name's ending does not tell what kind of file it is");
  out.kind = kind.value_or(media_kind_of(out.mime));
  return out;
}

CommandInput FileReader::command(TableReader& in) {
  CommandInput out;
  out.platform = in.text("platform");
  out.command = in.text("command");
  if (out.platform.empty() || out.command.empty())
    in.complain(in.place(), "missing_key", "platform and command must be given");
  if (const Node* args = in.take("args", {Kind::table}))
    for (const auto& arg : args->members) {
      const Node& value = arg.value;
      if (value.kind == Kind::text)
        out.args[arg.name] = context_.read_template(value);
      else if (value.kind == Kind::list || value.kind == Kind::table)
        in.complain(value.place, "wrong_type",
                    fmt::format("argument {} is {}, and must be a text, a number or a flag",
                                arg.name, to_string(value.kind)));
      else
        out.args[arg.name] = plain_template(json::to_string(to_json(value)));
    }
  out.required = in.flag("required").value_or(true);
  if (const auto kept = in.duration("cache_duration"))
    out.cache_duration = std::chrono::duration_cast<std::chrono::seconds>(*kept);
  return out;
}

// A file, or the name of a connection: a connection string holds a password.
std::string FileReader::database(TableReader& in) {
  const Node* node = in.take("database", {Kind::text});
  if (!node) return "";
  const auto& text = node->text;
  if (text.find("://") != std::string::npos || text.find("password=") != std::string::npos) {
    in.complain(node->place, "secret",
                "a connection string does not belong into the file; write \"postgres:NAME\", and "
                "put it into the variable PARLEY_DATABASE_NAME");
  } else if (is_postgres(text)) {
    const auto name = std::string_view(text).substr(text.find(':') + 1);
    const bool word = !name.empty() && std::ranges::all_of(name, [](unsigned char c) {
      return std::isalnum(c) || c == '_' || c == '-';
    });
    if (!word)
      in.complain(
          node->place, "bad_name",
          fmt::format("\"{}\": a connection's name has letters, digits, _ and - alone", text));
  }
  return text;
}

TableInput FileReader::table(TableReader& in) {
  TableInput out;
  out.name = in.text("name");
  if (in.has("table_name")) out.name = in.text("table_name");
  if (out.name.empty()) in.complain(in.place(), "missing_key", "name is missing");
  out.database = database(in);
  out.columns = in.texts("columns");
  if (const Node* where = in.take("where", {Kind::text, Kind::table})) {
    if (where->kind == Kind::text) {
      out.where_sql = where->text;
      if (!context_.read_template(*where).is_plain())
        in.complain(where->place, "template",
                    "a condition in SQL takes no templates, which could change its meaning; write "
                    "where = { column = \"{{act}}\" }");
    } else {
      for (const auto& column : where->members)
        out.where[column.name] = column.value.kind == Kind::text
                                     ? context_.read_template(column.value)
                                     : plain_template(json::to_string(to_json(column.value)));
    }
  }
  out.order_by = in.text("order_by");
  out.limit = in.whole("limit", 1, 100'000).value_or(10);
  out.offset = in.whole("offset", 0, 1'000'000'000).value_or(0);
  if (const auto format = in.choice("format", {"json", "markdown", "csv"}))
    out.format = static_cast<TableInput::Format>(*format);
  out.alias = in.text("alias");
  out.sample = in.whole("sample", 1, 100'000).value_or(0);
  out.pull_and_delete = in.flag("pull_and_delete").value_or(false);
  return out;
}

}  // namespace parley::narrative::detail
