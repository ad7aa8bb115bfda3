// Pipewright for tree-sitter: for colours, folds and selections. More permissive than the language: line ends are blanks
// here, and what the compiler explains ("write `==`") is an error node.
/// <reference types="tree-sitter-cli/dsl" />

const listOf = (rule) => seq(rule, repeat(seq(",", rule)));
// Between entries of a block stands a comma or a line end.
const entries = (rule) => repeat(seq(rule, optional(",")));

module.exports = grammar({
  name: "pipewright",
  word: ($) => $.identifier,
  extras: ($) => [/\s/, $.doc_comment, $.comment],

  rules: {
    source_file: ($) => repeat($._declaration),

    comment: (_) => token(/#.*/),
    doc_comment: (_) => token(prec(1, /##([^#\n].*)?/)),

    _declaration: ($) =>
      choice(
        $.pipeline, $.import, $.connection, $.type_declaration, $.function, $.param,
        $.source, $.topic, $.lookup, $.transform, $.sink, $.test,
      ),

    pipeline: ($) => seq("pipeline", field("name", $._name), optional($.record)),
    import: ($) => seq("import", $.string),
    connection: ($) =>
      seq("connection", field("name", $._name), "=", field("kind", $.identifier), optional($.record)),
    type_declaration: ($) =>
      seq("type", field("name", $._name), "=", choice($.type_import, field("type", $._type))),
    type_import: ($) =>
      choice(
        seq(choice("avro", "json_schema", "protobuf", "registry"), $.string),
        seq("table", $._name, $.string),
      ),
    function: ($) =>
      seq(
        "fn", field("name", $._name), "(", entries($.parameter), ")",
        ":", field("result", $._type), "=", field("body", $._expression),
      ),
    parameter: ($) => seq(field("name", $._name), ":", field("type", $._type)),
    param: ($) =>
      seq("param", field("name", $._name), ":", field("type", $._type), optional(seq("=", $._expression))),

    source: ($) => seq("source", $._node),
    topic: ($) => seq("topic", $._node),
    lookup: ($) => seq("lookup", $._node),
    transform: ($) => seq("transform", $._node),
    sink: ($) => seq("sink", $._node),
    _node: ($) =>
      prec.right(
        seq(
          field("name", $._name),
          optional(seq(":", field("type", alias($._name, $.type_name)))),
          optional(seq("on", field("on", $._name))),
          optional(seq("from", listOf(field("from", $.input)))),
          optional(seq("to", field("to", $._name))),
          optional(field("options", $.record)),
          repeat(seq("|", field("step", $._step))),
        ),
      ),
    input: ($) => seq($._name, optional(seq(".", $._name))),

    // ---- types ----
    _type: ($) =>
      choice($.optional_type, $.set_type, $.list_type, $.map_type, $.record_type, $.decimal_type, $.paren_type,
        alias($._name, $.type_name)),
    optional_type: ($) => prec(1, seq($._type, "?")),
    set_type: ($) => prec.right(seq($.string, repeat(seq("|", $.string)))),
    list_type: ($) => seq("list", "<", $._type, ">"),
    map_type: ($) => seq("map", "<", $._type, ",", $._type, ">"),
    decimal_type: ($) => seq("decimal", "(", $.number, ",", $.number, ")"),
    paren_type: ($) => seq("(", $._type, ")"),
    record_type: ($) => seq("{", entries($.field), "}"),
    field: ($) =>
      seq(field("name", $._name), ":", field("type", $._type), optional(seq("=", $._expression)), repeat($.annotation)),
    annotation: ($) => prec.right(seq($.annotation_name, optional($.arguments))),
    annotation_name: (_) => token(/@[A-Za-z_]\w*/),

    // ---- steps ----
    _step: ($) =>
      choice(
        $.where_step, $.check_step, $.derive_step, $.select_step, $.drop_step, $.rename_step, $.lookup_step,
        $.join_step, $.flatten_step, $.dedupe_step, $.window_step, $.group_step, $.route_step, $.repartition_step,
        $.as_step,
      ),
    where_step: ($) => seq("where", $._expression),
    check_step: ($) => seq("check", $._expression, "else", choice($.string, $.interpolated_string)),
    derive_step: ($) => seq("derive", choice($.record, listOf($.binding))),
    select_step: ($) => seq("select", listOf($._item)),
    drop_step: ($) => seq("drop", listOf($.path)),
    rename_step: ($) => seq("rename", listOf(seq($.path, "to", $._name))),
    lookup_step: ($) =>
      prec.right(seq(optional("optional"), "lookup", $._name, optional($._alias), "on", $._expression, optional($.record))),
    join_step: ($) =>
      seq(optional(choice("left", "right", "full")), "join", $.input, optional($._alias), "on", $._expression, "within",
        $.duration),
    flatten_step: ($) => seq("flatten", $.path, $._alias),
    dedupe_step: ($) => seq("dedupe", $._keys, "within", $.duration),
    window_step: ($) =>
      seq("window", choice(
        seq("tumbling", $.duration),
        seq("hopping", $.duration, "every", $.duration),
        seq("session", "gap", $.duration),
      )),
    group_step: ($) =>
      seq("group", $._keys, optional($._alias), $.record, optional(seq("emit", choice("final", "changes")))),
    route_step: ($) => seq("route", "{", entries($.branch), "}"),
    branch: ($) => seq($._name, choice(seq("when", $._expression), "otherwise")),
    repartition_step: ($) => prec.right(seq("repartition", $._keys, optional($.record))),
    as_step: ($) => prec.right(seq("as", choice("events", seq("table", "by", listOf($.path))), optional($.record))),
    _keys: ($) => seq("by", listOf($._item)),
    _alias: ($) => seq("as", $._name),
    binding: ($) => seq(field("name", $._name), "=", field("value", $._expression)),
    _item: ($) => choice($.binding, $._expression),
    path: ($) => seq($._name, repeat(seq(".", $._name))),

    // ---- blocks ----
    record: ($) => seq("{", entries($.entry), "}"),
    // Without a name: a field, or a path in `select { … }`.
    entry: ($) =>
      choice(
        field("value", $._expression),
        seq(field("name", choice($._name, $.string)), choice("=", ":"), field("value", $._expression)),
      ),
    list: ($) => seq("[", entries($._expression), "]"),

    // ---- tests ----
    test: ($) => seq("test", field("name", $.string), "{", repeat($._test_line), "}"),
    _test_line: ($) => choice($.given, $.expect, $.advance, "restart"),
    given: ($) => seq("given", $.input, optional(seq("partition", $.number)), $.rows),
    expect: ($) => seq("expect", choice(seq("no", $.input), seq($.input, optional("contains"), $.rows))),
    advance: ($) => seq("advance", choice(seq("to", $.instant), $.duration)),
    rows: ($) => seq("[", entries($._row), "]"),
    _row: ($) => choice($.record, seq("delete", $.record), seq("bytes", $.string)),

    // ---- expressions ----
    _expression: ($) => choice($.logical, $._condition),
    logical: ($) =>
      choice(
        prec.left(1, seq($._expression, "or", $._expression)),
        prec.left(2, seq($._expression, "and", $._expression)),
      ),
    _condition: ($) => choice($.not, $.comparison, $._value),
    not: ($) => prec(3, seq("not", $._condition)),
    comparison: ($) =>
      prec.left(4, choice(
        seq($._value, choice("==", "!=", "<", "<=", ">", ">="), $._value),
        seq($._value, "is", optional("not"), "null"),
        seq($._value, optional("not"), "in", $.list),
        seq($._value, optional("not"), "between", $._value, "and", $._value),
        seq($._value, optional("not"), "like", $._value),
        seq($._value, choice("~", "!~"), choice($.raw_string, $.string)),
      )),
    _value: ($) =>
      choice(
        $.binary, $.negation, $.call, $.member, $.index, $.parenthesized, $.if, $.match, $.list, $.record, $._name,
        $._literal,
      ),
    binary: ($) =>
      choice(
        prec.right(5, seq($._value, "??", $._value)),
        prec.left(6, seq($._value, choice("+", "-"), $._value)),
        prec.left(7, seq($._value, choice("*", "/", "%"), $._value)),
      ),
    negation: ($) => prec(8, seq("-", $._value)),
    call: ($) => prec(9, seq(field("function", $._name), $.arguments)),
    arguments: ($) => seq("(", optional(seq(listOf($.argument), optional(","))), ")"),
    argument: ($) => seq(optional(seq(field("name", $._name), "=")), $._expression),
    member: ($) => prec(9, seq($._value, ".", field("field", $._name))),
    index: ($) => prec(9, seq($._value, "[", $._expression, "]")),
    parenthesized: ($) => seq("(", $._expression, ")"),
    if: ($) => prec.right(seq("if", $._expression, "then", $._expression, "else", $._expression)),
    match: ($) => seq("match", $._expression, "{", entries($.arm), "}"),
    arm: ($) => seq($.pattern, repeat(seq("|", $.pattern)), "=>", $._expression),
    pattern: ($) => choice("_", $.null, $.boolean, $.string, seq(optional("-"), $.number)),

    _literal: ($) =>
      choice(
        $.number, $.duration, $.size, $.percent, $.instant, $.string, $.raw_string, $.text_block,
        $.interpolated_string, $.boolean, $.null,
      ),
    boolean: (_) => choice("true", "false"),
    null: (_) => "null",
    number: (_) => token(/[0-9][0-9_]*(\.[0-9][0-9_]*)?([eE][+-]?[0-9]+)?/),
    duration: (_) => token(/([0-9][0-9_]*(ms|us|s|m|h|d))+/),
    size: (_) => token(/[0-9][0-9_]*(KiB|MiB|GiB|B)/),
    percent: (_) => token(/[0-9][0-9_]*(\.[0-9][0-9_]*)?%/),
    instant: (_) => token(/@[0-9][0-9T:.+-]*Z?/),
    string: (_) => token(/"([^"\\\n]|\\.)*"/),
    raw_string: (_) => token(/r"[^"\n]*"/),
    text_block: (_) => token(/"""([^"]|"[^"]|""[^"])*"""/),
    interpolated_string: ($) =>
      seq('f"', repeat(choice($.string_content, $.interpolation)), token.immediate(prec(2, '"'))),
    string_content: (_) =>
      token.immediate(prec(2, /([^"\\{}\n]|\{\{|\}\}|\\u\{[^}"\n]*\}|\\[^u\n])+/)),
    interpolation: ($) => seq(token.immediate(prec(1, "{")), $._expression, "}"),

    _name: ($) => choice($.identifier, $.quoted_identifier),
    identifier: (_) => /[A-Za-z_][A-Za-z0-9_]*/,
    quoted_identifier: (_) => token(/`[^`\n]+`/),
  },
});
