//! The graph of a program as SVG: one file without references, legible on light and on dark pages (it follows the reader's
//! colour scheme). Text is set in a monospaced font, so that its width is known here.

use quick_xml::escape::escape;

use super::layout::{self, Placed, Rect};
use super::{Box, Diagram, Group};

/// Around everything.
const MARGIN: f64 = 24.0;
/// The title above the picture.
const TITLE: f64 = 56.0;
/// Within a box.
const INSET: f64 = 14.0;
const LINE: f64 = 17.0;
/// Widths of a character per size of font.
const ADVANCE: f64 = 0.605;
const NAME: f64 = 14.0;
const SMALL: f64 = 11.5;
/// Longer lines are cut: they stand in full in the text of `explain`.
const LONGEST: usize = 38;

const STYLE: &str = "\
text{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono','Liberation Mono',monospace}
.paper{fill:#fbfbfd}.title{fill:#1f2430;font-size:18px;font-weight:700}.promise{fill:#687083;font-size:12px}
.group rect{fill:#f1f3f8;stroke:#ccd2df;stroke-dasharray:5 4}.group .head{fill:#3a4256;font-size:12.5px;font-weight:600}
.group .foot{fill:#757d90;font-size:11px}.name{fill:#1f2430;font-size:14px;font-weight:700}
.line{fill:#4d5568;font-size:11.5px}.role{font-size:9.5px;font-weight:700;letter-spacing:1px}
.arrow{fill:none;stroke:#8b93a7;stroke-width:1.6}.tip{fill:#8b93a7}
.source rect{fill:#e9f6ee;stroke:#56a573}.source .role{fill:#2f7a4c}
.topic rect{fill:#fdf3e0;stroke:#d69a3c}.topic .role{fill:#96600c}
.transform rect{fill:#eaf0fc;stroke:#6f94d8}.transform .role{fill:#3059a8}
.sink rect{fill:#f4ebfa;stroke:#a77bca}.sink .role{fill:#6f3d99}
@media (prefers-color-scheme:dark){
.paper{fill:#14171e}.title{fill:#eceff6}.promise{fill:#98a1b5}
.group rect{fill:#1b1f28;stroke:#3a4152}.group .head{fill:#cfd5e3}.group .foot{fill:#8f98ac}
.name{fill:#eef1f8}.line{fill:#b7bfd0}.arrow{stroke:#77809a}.tip{fill:#77809a}
.source rect{fill:#16291f;stroke:#4c9a69}.source .role{fill:#7fd3a0}
.topic rect{fill:#2d2413;stroke:#b9822c}.topic .role{fill:#f0bd68}
.transform rect{fill:#182338;stroke:#5579bd}.transform .role{fill:#94b6f5}
.sink rect{fill:#281b33;stroke:#8c60b0}.sink .role{fill:#cfa3ee}
}";

/// The picture.
pub fn render(diagram: &Diagram) -> String {
    let width = diagram.boxes.iter().map(box_width).fold(176.0, f64::max);
    let sizes: Vec<(f64, f64)> = diagram.boxes.iter().map(|it| (width, box_height(it))).collect();
    let titles: Vec<f64> = diagram.groups.iter().map(group_width).collect();
    let placed = layout::place(diagram, &sizes, &titles);
    let head = text_width(&diagram.title, 18.0).max(text_width(&diagram.subtitle, 12.0));
    let (w, h) = (placed.width.max(head) + 2.0 * MARGIN, placed.height + TITLE + 2.0 * MARGIN);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {w:.0} {h:.0}\" width=\"{w:.0}\" height=\"{h:.0}\" \
         role=\"img\">\n<title>{}</title>\n<style>{STYLE}</style>\n\
         <rect class=\"paper\" width=\"100%\" height=\"100%\" rx=\"14\"/>\n",
        words(&format!("pipeline {}", diagram.title)),
    );
    text(&mut out, "title", MARGIN, MARGIN + 16.0, &diagram.title);
    text(&mut out, "promise", MARGIN, MARGIN + 36.0, &diagram.subtitle);
    out.push_str(&format!("<g transform=\"translate({MARGIN} {})\">\n", MARGIN + TITLE));
    draw(&mut out, diagram, &placed);
    out.push_str("</g>\n</svg>\n");
    out
}

/// Groups below arrows below boxes.
fn draw(out: &mut String, diagram: &Diagram, placed: &Placed) {
    for (group, rect) in diagram.groups.iter().zip(&placed.groups) {
        out.push_str("<g class=\"group\">");
        frame(out, *rect, 14.0);
        text(out, "head", rect.x + layout::PAD, rect.y + 20.0, &group.title);
        text(out, "foot", rect.x + layout::PAD, rect.y + 36.0, &group.subtitle);
        out.push_str("</g>\n");
    }
    for points in &placed.arrows {
        arrow(out, points);
    }
    for (it, rect) in diagram.boxes.iter().zip(&placed.boxes) {
        out.push_str(&format!("<g class=\"{}\">", it.role.word()));
        frame(out, *rect, 9.0);
        let x = rect.x + INSET;
        text(out, "role", x, rect.y + 18.0, &it.role.word().to_uppercase());
        text(out, "name", x, rect.y + 36.0, &cut(&it.name));
        let mut y = rect.y + 39.0;
        for line in &it.lines {
            y += LINE;
            text(out, "line", x, y, &cut(line));
        }
        out.push_str("</g>\n");
    }
}

fn frame(out: &mut String, it: Rect, radius: f64) {
    out.push_str(&format!(
        "<rect x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" rx=\"{radius}\"/>",
        it.x, it.y, it.w, it.h
    ));
}

fn text(out: &mut String, class: &str, x: f64, y: f64, content: &str) {
    out.push_str(&format!("<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\">{}</text>", words(content)));
}

/// Text that XML can hold.
fn words(text: &str) -> String {
    let clean: String = text.chars().filter(|it| !it.is_control()).collect();
    escape(clean.as_str()).into_owned()
}

/// A curve that leaves and enters its points level, with a tip at the end.
fn arrow(out: &mut String, points: &[(f64, f64)]) {
    let (Some((x, y)), Some((end_x, end_y))) = (points.first().copied(), points.last().copied()) else { return };
    let mut path = format!("M{x:.1} {y:.1}");
    let mut last = (x, y);
    for (at, (x, y)) in points.iter().copied().enumerate().skip(1) {
        // The line ends where the tip begins.
        let x = if at + 1 == points.len() { x - 7.0 } else { x };
        if (y - last.1).abs() < 0.5 {
            path.push_str(&format!(" L{x:.1} {y:.1}"));
        } else {
            let bend = ((x - last.0).abs() / 2.0).max(18.0);
            path.push_str(&format!(" C{:.1} {:.1} {:.1} {y:.1} {x:.1} {y:.1}", last.0 + bend, last.1, x - bend));
        }
        last = (x, y);
    }
    out.push_str(&format!("<path class=\"arrow\" d=\"{path}\"/>"));
    out.push_str(&format!("<path class=\"tip\" d=\"M{end_x:.1} {end_y:.1} l-9 -4.5 v9 z\"/>\n"));
}

fn cut(text: &str) -> String {
    if text.chars().count() <= LONGEST {
        return text.to_string();
    }
    text.chars().take(LONGEST - 1).chain(['…']).collect()
}

/// Wide scripts take two places.
fn text_width(text: &str, size: f64) -> f64 {
    let places: u32 = text.chars().map(|it| if (it as u32) < 0x1100 { 1 } else { 2 }).sum();
    f64::from(places) * ADVANCE * size
}

fn box_width(it: &Box) -> f64 {
    let lines = it.lines.iter().map(|line| text_width(&cut(line), SMALL)).fold(0.0, f64::max);
    lines.max(text_width(&cut(&it.name), NAME)) + 2.0 * INSET
}

fn box_height(it: &Box) -> f64 {
    #[allow(clippy::cast_precision_loss)]
    let lines = it.lines.len() as f64;
    39.0 + LINE * lines + 13.0
}

fn group_width(it: &Group) -> f64 {
    text_width(&it.title, 12.5).max(text_width(&it.subtitle, 11.0))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use proptest::prelude::*;

    use super::super::layout::{self, Rect};
    use super::super::{Box, Diagram, Group, Role};
    use super::render;

    fn touch(a: Rect, b: Rect) -> bool {
        a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h
    }

    prop_compose! {
        /// Any graph without a cycle whose boxes are in any groups.
        fn diagrams()(groups in 0_usize..5, boxes in 1_usize..24)(
            placed in proptest::collection::vec((proptest::option::of(0..groups.max(1)), 0_usize..4, 0_usize..5, "\\PC{0,60}"), boxes),
            arrows in proptest::collection::vec((0..boxes, 0..boxes), 0..40),
            groups in Just(groups),
        ) -> Diagram {
            let it = |(group, role, lines, name): (Option<usize>, usize, usize, String)| Box {
                group: group.filter(|it| *it < groups),
                role: Role::ALL[role],
                lines: vec![name.clone(); lines],
                name,
            };
            Diagram {
                title: "t".into(),
                subtitle: "s".into(),
                groups: (0..groups).map(|it| Group { title: format!("group {it}"), subtitle: "exactly once".into() }).collect(),
                boxes: placed.into_iter().map(it).collect(),
                arrows: arrows.into_iter().filter(|(from, to)| from < to).collect(),
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]

        #[test]
        fn nothing_overlaps_and_it_is_xml(diagram in diagrams()) {
            let sizes: Vec<(f64, f64)> = diagram.boxes.iter().map(|it| (200.0, super::box_height(it))).collect();
            let titles = vec![300.0; diagram.groups.len()];
            let placed = layout::place(&diagram, &sizes, &titles);
            for (at, a) in placed.boxes.iter().enumerate() {
                prop_assert!(a.x >= 0.0 && a.y >= 0.0 && a.x + a.w <= placed.width + 0.1 && a.y + a.h <= placed.height + 0.1);
                for b in placed.boxes.iter().skip(at + 1) {
                    prop_assert!(!touch(*a, *b), "{a:?} {b:?}");
                }
                for (group, rect) in placed.groups.iter().enumerate() {
                    let inside = a.x >= rect.x && a.y >= rect.y && a.x + a.w <= rect.x + rect.w && a.y + a.h <= rect.y + rect.h;
                    if diagram.boxes[at].group == Some(group) {
                        prop_assert!(inside, "{a:?} is not in its group {rect:?}");
                    } else {
                        prop_assert!(!touch(*a, *rect), "{a:?} lies in a strange group {rect:?}");
                    }
                }
            }
            for (at, a) in placed.groups.iter().enumerate() {
                for b in placed.groups.iter().skip(at + 1) {
                    prop_assert!(!touch(*a, *b), "{a:?} {b:?}");
                }
            }
            let text = render(&diagram);
            let document = roxmltree::Document::parse(&text).unwrap();
            let count = |class: &str| document.descendants().filter(|it| it.attribute("class") == Some(class)).count();
            prop_assert_eq!(count("name"), diagram.boxes.len());
            prop_assert_eq!(count("arrow"), diagram.arrows.len());
            prop_assert_eq!(count("group"), diagram.groups.len());
            prop_assert_eq!(render(&diagram), text, "the same program is the same picture");
        }
    }
}
