#include "parley/narrative/files.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <fmt/format.h>

#include "parley/json/value.hpp"
#include "parley/narrative/content_book.hpp"
#include "parley/narrative/detail/sqlite.hpp"
#include "parley/narrative/programs.hpp"
#include "parley/narrative/sqlite_tables.hpp"
#include "parley/narrative/test_world.hpp"

namespace parley::narrative {
namespace {

namespace fs = std::filesystem;

// A folder of a test's own.
class Files_D48 : public ::testing::Test {
 protected:
  Files_D48() {
    std::string name = fs::temp_directory_path() / "narrative-XXXXXX";
    folder_ = ::mkdtemp(name.data());
  }
  ~Files_D48() override { fs::remove_all(folder_); }
  std::string folder_;
};
using Tables_D42 = Files_D48;
using Commands_D54 = Files_D48;

TEST_F(Files_D48, StateIsKeptByScopeAndReplacedAsAWhole) {
  FolderState state(folder_ + "/state");
  EXPECT_EQ(state.read("global", "k").value(), std::nullopt);
  ASSERT_TRUE(state.write("global", "k", "one"));
  ASSERT_TRUE(state.write("narrative.a/../b", "k", "two é"));
  FolderState again(folder_ + "/state");
  EXPECT_EQ(again.read("global", "k").value(), "one");
  EXPECT_EQ(again.read("narrative.a/../b", "k").value(), "two é");
  EXPECT_EQ(again.read("narrative.a", "k").value(), std::nullopt);
  EXPECT_TRUE(fs::exists(folder_ + "/state/narrative.a%2F..%2Fb.json"));
  for (const auto& file : fs::directory_iterator(folder_ + "/state"))
    EXPECT_FALSE(file.path().string().ends_with(".new"));
  std::ofstream(folder_ + "/state/global.json") << "{";
  EXPECT_EQ(again.read("global", "k").error().kind(), ErrorKind::storage);
  EXPECT_FALSE(again.write("global", "k", "x")) << "what is broken is not overwritten";
}

TEST_F(Files_D48, ARecordIsWrittenByOneRunAndHealedAfterACrash) {
  const auto file = folder_ + "/runs/a.jsonl";
  {
    auto journal = FileJournal::create(file);
    ASSERT_TRUE(journal) << journal.error().message();
    ASSERT_TRUE((*journal)->append(to_line(Entry(EntryType::begin)), true));
    EXPECT_EQ(FileJournal::create(file).error().kind(), ErrorKind::conflict);
    EXPECT_EQ(FileJournal::resume(file).error().kind(), ErrorKind::conflict);
  }
  std::ofstream(file, std::ios::app) << "{\"type\":\"ans";
  {
    auto journal = FileJournal::resume(file);
    ASSERT_TRUE(journal) << journal.error().message();
    EXPECT_EQ((*journal)->entries().size(), 1u);
    ASSERT_TRUE((*journal)->append(to_line(Entry(EntryType::resume)), true));
  }
  EXPECT_EQ(read_record(file)->size(), 2u);
  std::ofstream(file, std::ios::app) << "{\"type\":\"answer\",\"x\":1}\n";
  EXPECT_NE(FileJournal::resume(file).error().message().find("record, line 3"), std::string::npos);
  EXPECT_EQ(read_record(folder_ + "/none").error().kind(), ErrorKind::not_found);
}

TEST_F(Files_D48, AnswersAndOutputsAreKept) {
  FolderAnswers answers(folder_ + "/answers");
  EXPECT_FALSE(answers.find("abc"));
  ASSERT_TRUE(answers.keep("abc", testing::answered("text", Tokens(1, 2))));
  EXPECT_EQ(answers.find("abc")->text, "text");
  EXPECT_EQ(answers.find("abc")->tokens, Tokens(1, 2));
  FolderOutputs outputs(folder_ + "/outputs");
  ASSERT_TRUE(outputs.keep("h", "out"));
  EXPECT_EQ(outputs.find("h", std::chrono::hours(1)), "out");
  fs::last_write_time(folder_ + "/outputs/h",
                      fs::file_time_type::clock::now() - std::chrono::hours(2));
  EXPECT_EQ(outputs.find("h", std::chrono::hours(1)), std::nullopt);
}

class TableFile {
 public:
  explicit TableFile(const std::string& folder) : file(folder + "/t.db") {
    auto database = detail::open_database(file, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE).value();
    EXPECT_TRUE(detail::execute(
        database.get(),
        "CREATE TABLE posts (id INTEGER, \"the text\" TEXT, score REAL);"
        "INSERT INTO posts VALUES (1,'one',0.5),(2,'two',NULL),(3,'it''s',2.5),(4,'four',1)"));
    query.input.database = file;
    query.input.name = "posts";
  }
  std::string file;
  TableQuery query;
};

std::string rows_of(const Result<TableRows>& read) {
  if (!read) return std::string(to_string(read.error().kind())) + ": " + read.error().message();
  std::string out;
  for (const auto& row : read->rows) out += json::to_string(row);
  return out;
}

TEST_F(Tables_D42, RowsAreChosenOrderedAndLimited) {
  TableFile table(folder_);
  SqliteTables tables;
  auto& input = table.query.input;
  EXPECT_EQ(rows_of(parley::run(tables.read(table.query))),
            R"([1,"one",0.5][2,"two",null][3,"it's",2.5][4,"four",1.0])");
  input.columns = {"the text"};
  input.order_by = "id desc, score";
  input.limit = 2;
  input.offset = 1;
  EXPECT_EQ(rows_of(parley::run(tables.read(table.query))), R"(["it's"]["two"])");
  input.offset = 0;
  table.query.where = {{"the text", "it's"}, {"id", "3"}};
  EXPECT_EQ(rows_of(parley::run(tables.read(table.query))), R"(["it's"])");
  table.query.where = {{"the text", "x' OR '1'='1"}};
  EXPECT_EQ(rows_of(parley::run(tables.read(table.query))), "");
  table.query.where.clear();
  input.where_sql = "score > 1 -- and so on";
  EXPECT_EQ(rows_of(parley::run(tables.read(table.query))), R"(["it's"])");
  input.where_sql.clear();
  input.order_by.clear();
  input.sample = 3;
  EXPECT_EQ(parley::run(tables.read(table.query))->rows.size(), 3u);
}

TEST_F(Tables_D42, WhatIsWrongIsToldAndNothingIsChanged) {
  TableFile table(folder_);
  SqliteTables tables;
  auto& input = table.query.input;
  input.columns = {"scroe"};
  EXPECT_EQ(rows_of(parley::run(tables.read(table.query))),
            "not_found: table posts has no column scroe, did you mean score?");
  input.columns.clear();
  input.name = "post";
  EXPECT_EQ(rows_of(parley::run(tables.read(table.query))),
            "not_found: there is no table post, did you mean posts?");
  input.name = "posts";
  for (const auto& [sql, words] : std::initializer_list<std::pair<const char*, const char*>>{
           {"1=1); DELETE FROM posts; --", "table posts:"},
           {"load_extension('x')", "not authorized to use function"},
           {"nonsense ===", "syntax error"}}) {
    input.where_sql = sql;
    EXPECT_NE(rows_of(parley::run(tables.read(table.query))).find(words), std::string::npos)
        << rows_of(parley::run(tables.read(table.query)));
  }
  input.where_sql.clear();
  input.order_by = "id; drop";
  EXPECT_FALSE(parley::run(tables.read(table.query)));
  input.order_by.clear();
  EXPECT_EQ(parley::run(tables.read(table.query))->rows.size(), 4u);
  input.database = folder_ + "/none.db";
  EXPECT_EQ(parley::run(tables.read(table.query)).error().kind(), ErrorKind::not_found);
  EXPECT_FALSE(fs::exists(folder_ + "/none.db"));
  input.database.clear();
  EXPECT_NE(rows_of(parley::run(tables.read(table.query))).find("no database is named"),
            std::string::npos);
}

TEST_F(Tables_D42, D44_RowsAreDeletedOnlyWhereItIsAllowedAndTheyAreInTheRecord) {
  TableFile table(folder_);
  auto& input = table.query.input;
  input.pull_and_delete = true;
  input.limit = 3;
  EXPECT_EQ(parley::run(SqliteTables().read(table.query)).error().kind(),
            ErrorKind::permission_denied);
  SqliteTablesOptions options;
  options.allow_delete = true;
  SqliteTables tables(options);
  const auto narrative = fmt::format(
      "narrative.database = \"{}\"\n[[acts.a.input]]\ntype = \"table\"\nname = "
      "\"posts\"\nlimit = 3\npull_and_delete = true\n",
      table.file);
  testing::TestWorld world;
  world.ports.tables = &tables;
  auto run = world.run(narrative);
  ASSERT_EQ(run.status, Status::done) << run.error->message();
  EXPECT_TRUE(testing::prompt_of(world.models.calls[0]).starts_with("Table posts:\n["));
  input.pull_and_delete = false;
  EXPECT_EQ(rows_of(parley::run(tables.read(table.query))), R"([4,"four",1.0])");
  world.journal.room = world.journal.lines.size() + 2;
  run = world.run(narrative);
  EXPECT_EQ(run.status, Status::failed) << "the record is full";
  EXPECT_EQ(parley::run(tables.read(table.query))->rows.size(), 1u)
      << "not deleted before it is written";
}

TEST_F(Files_D48, D52_ContentIsKeptOnceWithItsStatus) {
  testing::TestWorld world;
  SqliteContent content(folder_ + "/more/content.db", world.clock);
  world.ports.content = &content;
  world.models.answer = [](const ModelCall&) -> Result<ModelAnswer> {
    return testing::answered("Here: [{\"title\":\"A\"},{\"title\":5}] as asked");
  };
  const auto book = testing::book_of(
      "[narrative]\nname = \"n\"\ntemplate = \"post\"\ntarget = \"posts\"\n[acts]\na = \"x\"\n"
      "[schemas.post]\ntype = \"object\"\nproperties = { title = { type = \"string\" } }\n");
  RunOptions options;
  options.run_id = "r1";
  const auto run = world.run(book, options);
  ASSERT_EQ(run.status, Status::done) << run.error->message();
  EXPECT_EQ(run.acts[0].notes.front(), "1 of 2 items are not what the template says");
  (void)world.run(book, options);  // the same run: the same items
  TableQuery query;
  query.input.database = folder_ + "/more/content.db";
  query.input.name = "posts";
  query.input.columns = {"status", "item", "mistakes"};
  EXPECT_EQ(rows_of(parley::run(SqliteTables().read(query))),
            R"(["good","{\"title\":\"A\"}","[]"]["bad","{\"title\":5}",)"
            R"("[\"$.title: expected a string, found a number\"]"])");
  EXPECT_EQ(ContentBook::open(query.input.database)->tables()->front().second, 2);
}

constexpr auto kPolicy = R"(
[commands."os.say"]
run = ["/bin/echo", "-n", "said {words} {count}"]
at_most = 3
[commands."os.say".args.words]
kind = "text"
max_length = 20
[commands."os.say".args.count]
kind = "number"
default = "1"
[commands."os.ask"]
run = ["/bin/cat", "{file}"]
confirm = true
args.file.one_of = ["/etc/hostname"]
[commands."os.env"]
run = ["/usr/bin/env"]
[commands."os.wait"]
run = ["/bin/sleep", "100"]
timeout = "50ms"
[commands."os.flood"]
run = ["/usr/bin/yes"]
max_output = 100
[commands."os.fail"]
run = ["/bin/sh", "-c", "echo broken >&2; exit 3"]
[commands."os.none"]
run = ["/no/such/program"]
)";

Policy policy_of(std::string_view text) {
  Diagnostics mistakes;
  auto policy = read_policy("p.toml", text, mistakes);
  EXPECT_TRUE(mistakes.empty()) << to_text(mistakes);
  return policy;
}

CommandCall call_of(std::string command, std::map<std::string, std::string> args = {}) {
  CommandCall call;
  call.platform = "os";
  call.command = std::move(command);
  call.args = std::move(args);
  return call;
}

std::string ran(Programs& programs, CommandCall call) {
  auto task = programs.run(std::move(call));
  const auto output = parley::run(std::move(task));
  return output ? *output
                : std::string(to_string(output.error().kind())) + ": " + output.error().message();
}

TEST(Policy_D54, Layer1_WhatIsNotNamedIsDenied) {
  Programs programs(policy_of(kPolicy));
  EXPECT_EQ(ran(programs, call_of("format")),
            "permission_denied: the policy denies os format: it has no [commands.\"os.format\"]");
  EXPECT_EQ(programs.allow(call_of("format")).error().kind(), ErrorKind::permission_denied);
  Programs none{Policy()};
  EXPECT_FALSE(none.allow(call_of("say")));
}

TEST(Policy_D54, Layer2_ArgumentsAreAsTheirRulesSay) {
  const auto policy = policy_of(kPolicy);
  const auto why = [&](std::map<std::string, std::string> args) {
    const auto line = command_line(policy, call_of("say", std::move(args)));
    return line ? line->back() : line.error().message().substr(26);
  };
  EXPECT_EQ(why({{"words", "a; $(b) `c`"}, {"count", "7"}}), "said a; $(b) `c` 7");
  EXPECT_EQ(why({{"words", "x"}}), "said x 1");
  EXPECT_EQ(why({}), "argument words is missing");
  EXPECT_EQ(why({{"words", "x"}, {"more", "y"}}), "it takes no argument more");
  EXPECT_EQ(why({{"words", "--flag"}}), "argument words begins with '-'");
  EXPECT_EQ(why({{"words", "a\nb"}}), "argument words must be a text of one line");
  EXPECT_EQ(why({{"words", std::string(21, 'x')}}), "argument words has 21 bytes, and may have 20");
  EXPECT_EQ(why({{"words", "x"}, {"count", "1e3"}}), "argument count must be a number");
  EXPECT_EQ(command_line(policy, call_of("ask", {{"file", "/etc/passwd"}})).error().message(),
            "the policy denies os ask: argument file must be one of /etc/hostname");
  EXPECT_EQ(why({{"words", "{count}"}}), "said {count} 1") << "never filled twice";
}

TEST(Policy_D54, Layer3_APersonIsAsked) {
  Programs programs(policy_of(kPolicy));
  EXPECT_EQ(programs.allow(call_of("say", {{"words", "x"}})).value(), "");
  EXPECT_EQ(programs.allow(call_of("ask", {{"file", "/etc/hostname"}})).value(),
            "Run /bin/cat /etc/hostname?");
  testing::TestWorld world;
  world.ports.commands = &programs;
  const auto run = world.run(
      "[[acts.a.input]]\ntype = \"bot_command\"\nplatform = \"os\"\ncommand = \"ask\"\nargs = { "
      "file "
      "= \"/etc/hostname\" }\n");
  EXPECT_EQ(run.status, Status::paused);
}

TEST(Policy_D54, Layer4_ACommandRunsSoOftenAndNoMore) {
  Programs programs(policy_of(kPolicy));
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(ran(programs, call_of("say", {{"words", "x"}})), "said x 1");
  EXPECT_EQ(ran(programs, call_of("say", {{"words", "x"}})),
            "rate_limited: os.say ran 3 times in this run, as often as the policy allows");
}

TEST(Policy_D54, Layer5_ProgramsRunWithLimitsAndACleanEnvironment) {
  ::setenv("NARRATIVE_CANARY", "secret", 1);
  Programs programs(policy_of(kPolicy));
  const auto environment = ran(programs, call_of("env"));
  EXPECT_NE(environment.find("PATH="), std::string::npos);
  EXPECT_EQ(environment.find("secret"), std::string::npos);
  EXPECT_EQ(ran(programs, call_of("wait")), "timeout: /bin/sleep did not end within 50 ms");
  EXPECT_EQ(ran(programs, call_of("flood")), "too_large: /usr/bin/yes wrote more than 100 bytes");
  EXPECT_EQ(ran(programs, call_of("fail")), "service: /bin/sh failed with exit code 3: broken");
  EXPECT_TRUE(ran(programs, call_of("none")).starts_with("not_found: cannot start /no/such"));
}

TEST(Policy_D54, MistakesOfAPolicyAreToldWithTheirPlaces) {
  Diagnostics mistakes;
  (void)read_policy("p.toml", "[commands.\"a.b\"]\nrunn = []\n[commands.c]\nrun = \"x\"\n",
                    mistakes);
  sort_by_place(mistakes);
  EXPECT_EQ(
      to_text(mistakes),
      "p.toml:1:11: error: command a.b: run is missing: the program and its arguments "
      "[missing_key]\n"
      "p.toml:2:1: error: command a.b: unknown key \"runn\", did you mean run? [unknown_key]\n"
      "p.toml:3:11: error: command c must be a table [commands.\"platform.command\"] "
      "[wrong_type]\n");
}

TEST(Narrative_D42, ACommandThatMayFailIsToldToTheModelInstead) {
  Programs programs(policy_of(kPolicy));
  testing::TestWorld world;
  world.ports.commands = &programs;
  const auto input = [](const char* command, const char* more) {
    return fmt::format(
        "[[acts.a.input]]\ntype = \"bot_command\"\nplatform = \"os\"\ncommand = "
        "\"{}\"\n{}\n",
        command, more);
  };
  auto run = world.run(input("fail", "required = false"));
  EXPECT_EQ(run.status, Status::done);
  EXPECT_EQ(testing::prompt_of(world.models.calls.back()), "(os fail is not available.)");
  EXPECT_EQ(run.acts[0].notes.size(), 1u);
  run = world.run(input("fail", ""));
  EXPECT_EQ(run.error->detail("code"), "bot_command_failed");
  run = world.run(input("say", "args = { words = \"hi\" }"));
  EXPECT_EQ(testing::prompt_of(world.models.calls.back()), "Output of os say:\nsaid hi 1");
  world.ports.commands = nullptr;
  run = world.run(input("say", "args = { words = \"hi\" }"));
  EXPECT_EQ(run.error->detail("code"), "bot_command_not_configured");
}

}  // namespace
}  // namespace parley::narrative
