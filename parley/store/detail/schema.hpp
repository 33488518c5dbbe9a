#pragma once

#include <string>
#include <vector>

#include "parley/chat/record.hpp"
#include "parley/store/detail/sqlite.hpp"

namespace parley::store::detail {

// Brings a new or older file to this version's tables; migrations are numbered and only go forward.
// Errors: storage, where a newer Parley made the file.
Result<void> migrate(Database& database, const std::string& file);

// One operation of a transaction, inside a savepoint of the caller.
Result<void> write(Database& database, const chat::Operation& operation);

Result<std::vector<chat::Session>> read_sessions(Database& database);
Result<std::vector<chat::OpenGeneration>> read_open(Database& database);
Result<std::vector<chat::Message>> read_messages(Database& database, const std::string& session,
                                                 std::size_t limit, std::int64_t before);

}  // namespace parley::store::detail
