//! Markdown pages on a terminal: paragraphs wrapped, code set in. No other Markdown is used in the pages.

use crate::style::Style;

/// Lays out a page.
pub fn render(title: &str, markdown: &str, style: Style) -> String {
    let mut out = format!("{}\n\n", style.paint("1", title));
    let mut paragraph = String::new();
    let mut code = false;
    for line in markdown.lines() {
        if line.starts_with("```") {
            flush(&mut out, &mut paragraph, style);
            code = !code;
            if !code {
                out.push('\n');
            }
        } else if code {
            out.push_str(style.paint("36", &format!("    {line}")).trim_end());
            out.push('\n');
        } else if line.trim().is_empty() {
            flush(&mut out, &mut paragraph, style);
        } else if line.starts_with(['-', '|', '#']) {
            flush(&mut out, &mut paragraph, style);
            out.push_str(line);
            out.push('\n');
        } else {
            if !paragraph.is_empty() {
                paragraph.push(' ');
            }
            paragraph.push_str(line.trim());
        }
    }
    flush(&mut out, &mut paragraph, style);
    format!("{}\n", out.trim_end())
}

fn flush(out: &mut String, paragraph: &mut String, style: Style) {
    if paragraph.is_empty() {
        return;
    }
    let mut column = 0;
    for word in paragraph.split_whitespace() {
        let width = word.chars().count();
        if column > 0 && column + 1 + width > style.width.min(100) {
            out.push('\n');
            column = 0;
        }
        if column > 0 {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += width;
    }
    out.push_str("\n\n");
    paragraph.clear();
}

#[cfg(test)]
mod tests {
    use super::render;
    use crate::style::Style;

    #[test]
    fn paragraphs_are_wrapped_and_code_is_set_in() {
        let page = "One two three four five six seven eight nine ten.\n\n```pipe\na  =  1\n```\n\nThe end.\n";
        assert_eq!(
            render("title", page, Style::plain(40)),
            "title\n\nOne two three four five six seven eight\nnine ten.\n\n    a  =  1\n\nThe end.\n"
        );
    }
}
