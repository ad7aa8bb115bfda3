//! The graph of a program for Mermaid, which GitHub and GitLab draw in Markdown.

use super::{Box, Diagram, Role};

/// The text of a flowchart.
pub fn render(diagram: &Diagram) -> String {
    let mut out =
        format!("---\ntitle: {}\n---\nflowchart LR\n", quoted(&format!("{}: {}", diagram.title, diagram.subtitle)));
    let shown = |group| diagram.boxes.iter().enumerate().filter(move |(_, it)| it.group == group);
    for (at, it) in shown(None) {
        out.push_str(&format!("  {}\n", shape(at, it)));
    }
    for (number, group) in diagram.groups.iter().enumerate() {
        let title = text(&format!("{} — {}", group.title, group.subtitle));
        out.push_str(&format!("  subgraph g{number}[\"{title}\"]\n"));
        for (at, it) in shown(Some(number)) {
            out.push_str(&format!("    {}\n", shape(at, it)));
        }
        out.push_str("  end\n");
    }
    for (from, to) in &diagram.arrows {
        out.push_str(&format!("  n{from} --> n{to}\n"));
    }
    for role in Role::ALL {
        let (fill, stroke) = match role {
            Role::Source => ("#e6f4ea", "#3f8f5b"),
            Role::Topic => ("#fdf1dc", "#c07f1d"),
            Role::Transform => ("#e8effb", "#4272c4"),
            Role::Sink => ("#f3e9f9", "#8a56b5"),
        };
        out.push_str(&format!("  classDef {} fill:{fill},stroke:{stroke},color:#1f2430\n", role.word()));
    }
    out
}

fn shape(at: usize, it: &Box) -> String {
    let (open, close) = match it.role {
        Role::Source => ("([", "])"),
        Role::Topic => ("[[", "]]"),
        Role::Transform => ("(", ")"),
        Role::Sink => ("[(", ")]"),
    };
    let lines: Vec<String> = it.lines.iter().map(|line| text(line)).collect();
    let words = format!("<b>{}</b><br/>{}", text(&it.name), lines.join("<br/>"));
    format!("n{at}{open}\"{words}\"{close}:::{}", it.role.word())
}

/// Text within a label: Mermaid reads HTML there and knows entities by `#`.
fn text(text: &str) -> String {
    text.replace('&', "#amp;").replace('"', "#quot;").replace('<', "#lt;").replace('>', "#gt;").replace('`', "#96;")
}

/// Text as YAML.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
