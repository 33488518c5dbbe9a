#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "parley/schematic/model.hpp"

namespace parley::schematic::detail {

// Each writes a member where it is not the usual value, which reading puts back.
void put(json::Object& out, std::string_view key, const std::string& text);
void put(json::Object& out, std::string_view key, bool flag, bool usual);
void put(json::Object& out, std::string_view key, const std::optional<double>& number);
void put(json::Object& out, std::string_view key, const std::vector<std::string>& texts);
void put(json::Object& out, std::string_view key, const std::vector<json::Value>& values);
void put(json::Object& out, std::string_view key,
         const std::vector<std::pair<std::string, std::string>>& pairs);
void put(json::Object& out, std::string_view key, std::chrono::milliseconds time,
         std::chrono::milliseconds usual);

json::Value match_value(const std::vector<Condition>& match);
json::Value rest_value(const RestApi& api);
json::Value websocket_value(const WebSocketApi& api);

}  // namespace parley::schematic::detail
