#pragma once

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

// Whether a value is as the schema says, member by member. Understood: type (a name or several, in
// either case of letters), nullable, enum, const, properties, required, additionalProperties,
// items, prefixItems, minItems, maxItems, minLength, maxLength, minimum, maximum, anyOf, oneOf (as
// anyOf), $ref into the schema's own $defs; other words (format, pattern) are not checked. Errors:
// invalid_argument with the place, "$.steps[2].minutes: expected an integer, found a string".
Result<void> check_schema(const Value& value, const Value& schema,
                          OtherMembers others = OtherMembers::refused);

}  // namespace parley::json
