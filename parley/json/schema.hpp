#pragma once

#include <string>
#include <vector>

#include <boost/json/value.hpp>

#include "parley/base/error.hpp"
#include "parley/json/types.hpp"

namespace parley::json {

// The schema of a type (JSON Schema 2020-12), complete in itself: the types that it refers to are
// in
// "$defs".
Value schema_of(const TypeSchema& type);

// The same for a type that `parley generate` has made.
template <class T>
requires requires {
  type_schema(static_cast<const T*>(nullptr));
}
Value schema_of() {
  return schema_of(type_schema(static_cast<const T*>(nullptr)));
}

// What an object may have beside its listed properties where "additionalProperties" says nothing:
// JSON Schema allows everything; a value of a type has none.
enum class OtherMembers { refused, allowed };

// Each way in which a value is not as the schema says, with its place: "$.steps[2].minutes:
// expected an integer, found a string"; empty: it is. At most 20. Understood: type (a name or
// several, in either case of letters), nullable, enum, const, properties, required,
// additionalProperties, propertyNames, minProperties, maxProperties, items, prefixItems, minItems,
// maxItems, uniqueItems, minLength, maxLength, minimum, maximum, exclusiveMinimum,
// exclusiveMaximum, multipleOf, allOf, anyOf, oneOf (as anyOf), not, $ref to "#" and "#/…" of the
// schema itself. Other words (format, pattern) are not checked.
std::vector<std::string> schema_mistakes(const Value& value, const Value& schema,
                                         OtherMembers others = OtherMembers::refused);
// The first of them. Errors: invalid_argument with the place.
Result<void> check_schema(const Value& value, const Value& schema,
                          OtherMembers others = OtherMembers::refused);

// What is wrong with a schema that a person wrote: words of a wrong type, references that lead
// nowhere, and words that schema_mistakes() would pass over in silence (those that only describe
// are none: title, description, default, examples, format, $schema, $id, $comment). At most 20.
std::vector<std::string> mistakes_in_schema(const Value& schema);

}  // namespace parley::json
