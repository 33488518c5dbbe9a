#pragma once

#include <string>
#include <vector>

#include "parley/schematic/detail/cpp_text.hpp"

namespace parley::schematic::detail {

// Names that the session's header and sources and the host share.
std::string message_type(const Plan& plan, const PlannedMessage& message);
// Distinct types of a direction's messages, and for each message its place among them.
VariantTypes message_types(const Plan& plan, const std::vector<PlannedMessage>& messages);
// "send_text" for SendText, "send_pong" for Pong.
std::string send_name(const PlannedMessage& message);
// Empty for null.
const std::vector<PlannedField>& fields_of(const PlannedType* type);
// What a user may have called: the setter's name behind "on_", the member, the argument's type.
struct Handler {
  Handler(std::string setter_name, std::string member_name, std::string argument_type)
      : setter(std::move(setter_name)),
        member(std::move(member_name)),
        argument(std::move(argument_type)) {}
  std::string setter, member, argument;
};
std::vector<Handler> handlers_of(const Plan& plan, const PlannedEndpoint& endpoint);
const PlannedMessage* with_role(const PlannedEndpoint& endpoint, Role role);
std::string joined(const std::vector<std::string>& words);
// True where the message has nothing that must be given: `Message{}` is one.
bool is_default_constructible(const Plan& plan, const PlannedMessage& message);

const RestResponse* good_response(const RestEndpoint& endpoint);
std::string rest_result(const Plan& plan, const PlannedRest& rest);
std::string rest_params(const PlannedRest& rest);

std::string session_header(const Plan& plan, const PlannedEndpoint& endpoint,
                           const std::string& folder);
std::string session_source(const Plan& plan, const PlannedEndpoint& endpoint,
                           const std::string& folder);
std::string rules_source(const Plan& plan, const PlannedEndpoint& endpoint,
                         const std::string& folder);
// The tables of AuthRule, headers and variables.
void emit_api_rules(Code& code, const Plan& plan);
void emit_params_header(Code& code, const Plan& plan, const std::vector<PlannedParam>& params,
                        std::string_view name);
// Statements that put the parameters into `target`.
void emit_params_use(Code& code, const Plan& plan, const std::vector<PlannedParam>& params,
                     std::string_view object);

}  // namespace parley::schematic::detail
