#pragma once

#include <string>
#include <vector>

#include "parley/json/free_form.hpp"

namespace parley::narrative {

// A check of JSON against a schema (JSON Schema, draft 2020-12) of these keywords: type, enum,
// const, properties, required, additionalProperties, propertyNames, minProperties, maxProperties,
// items, prefixItems, minItems, maxItems, uniqueItems, minLength, maxLength, minimum, maximum,
// exclusiveMinimum, exclusiveMaximum, multipleOf, anyOf, oneOf, allOf, not, and $ref to "#" and
// "#/…". title, description, default, examples, format, $schema, $id, $comment and $defs say
// nothing about validity. Types may be in upper case, as the service writes them.

// What is wrong with the schema itself, and keywords that are not known here: they would be passed
// over in silence.
std::vector<std::string> check_schema(const json::Value& schema);

// Each way in which the value is not what the schema says, with its path: "$.items[0]: …". Empty:
// it is valid. At most 20.
std::vector<std::string> check_against(const json::Value& schema, const json::Value& value);

}  // namespace parley::narrative
