[
  (pipeline)
  (connection)
  (type_declaration)
  (source)
  (topic)
  (transform)
  (sink)
  (test)
  (record)
  (match)
] @fold
