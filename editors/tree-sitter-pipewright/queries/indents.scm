[(record) (record_type) (list) (rows) (match) (arguments) (test)] @indent.begin
["}" "]" ")"] @indent.branch
