; Colours. Later patterns win in editors that take the last match, so the general ones stand first.

(identifier) @variable
(quoted_identifier) @variable
(comment) @comment
(doc_comment) @comment.documentation

[(string) (text_block) (string_content)] @string
(interpolated_string) @string
(raw_string) @string.regexp
(interpolation ["{" "}"] @punctuation.special)
[(number) (duration) (size) (percent)] @number
(instant) @constant
(boolean) @boolean
(null) @constant.builtin

["pipeline" "import" "connection" "type" "fn" "param" "source" "topic" "lookup" "transform" "sink" "test"] @keyword
["from" "on" "to" "by" "as" "within" "every" "gap" "tumbling" "hopping" "session" "emit" "final" "changes"
 "events" "table" "avro" "json_schema" "protobuf" "registry"] @keyword
["where" "check" "derive" "select" "drop" "rename" "optional" "left" "right" "full" "join" "flatten" "dedupe" "window"
 "group" "route" "repartition"] @function.macro
["given" "expect" "advance" "restart" "contains" "no" "partition" "delete" "bytes"] @keyword
["if" "then" "else" "match" "when" "otherwise"] @keyword.conditional
["and" "or" "not" "in" "is" "like" "between"] @keyword.operator
["==" "!=" "<" "<=" ">" ">=" "~" "!~" "+" "-" "*" "/" "%" "??" "=" "=>" "|" "?"] @operator
["{" "}" "[" "]" "(" ")"] @punctuation.bracket
["," "." ":"] @punctuation.delimiter

(type_name) @type
["list" "map" "decimal"] @type.builtin
((type_name) @type.builtin
  (#match? @type.builtin "^(bool|int32|int64|float64|string|bytes|uuid|date|time|timestamp|local_timestamp|duration|json)$"))
(annotation_name) @attribute

(pipeline name: (_) @module)
(connection name: (_) @constant kind: (_) @type.builtin)
(type_declaration name: (_) @type)
(function name: (_) @function)
(parameter name: (_) @variable.parameter)
(param name: (_) @constant)
(source name: (_) @function)
(topic name: (_) @function)
(lookup name: (_) @function)
(transform name: (_) @function)
(sink name: (_) @function)
(call function: (_) @function.call)
(field name: (_) @property)
(entry name: (_) @property)
(binding name: (_) @property)
(argument name: (_) @variable.parameter)
(member field: (_) @property)
