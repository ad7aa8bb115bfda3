//! Where boxes stand and arrows run, from left to right. The layered layout itself is `rust-sugiyama`'s, which draws from top to
//! bottom and knows neither groups nor the course of long arrows. So here: everything is turned by a quarter, an arrow over
//! several layers is cut into short ones by points of no size, and it is laid out twice: the boxes of each group, then the
//! groups and topics as boxes themselves. Groups can therefore never overlap.

use std::collections::BTreeMap;

use rust_sugiyama::configure::{Config, RankingType};

use super::Diagram;

/// Between columns.
const COLUMN: f64 = 64.0;
/// Between rows.
const ROW: f64 = 28.0;
/// From the frame of a group to its boxes.
pub const PAD: f64 = 20.0;
/// The title of a group.
pub const HEAD: f64 = 48.0;

/// A rectangle.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rect {
    /// Left.
    pub x: f64,
    /// Top.
    pub y: f64,
    /// Width.
    pub w: f64,
    /// Height.
    pub h: f64,
}

/// A picture.
#[derive(Clone, Debug, Default)]
pub struct Placed {
    /// One per box.
    pub boxes: Vec<Rect>,
    /// One per group; a group without boxes has no size.
    pub groups: Vec<Rect>,
    /// One per arrow: the points it passes.
    pub arrows: Vec<Vec<(f64, f64)>>,
    /// Width of all.
    pub width: f64,
    /// Height of all.
    pub height: f64,
}

/// Lays out a diagram whose boxes have these sizes and whose groups are at least so wide.
pub fn place(diagram: &Diagram, sizes: &[(f64, f64)], titles: &[f64]) -> Placed {
    let size = |at: usize| sizes.get(at).copied().unwrap_or_default();
    // The boxes of each group, by themselves. An arrow from outside becomes a point at the left edge, so that it has a way
    // between the boxes.
    let inner: Vec<Inner> = (0..diagram.groups.len())
        .map(|group| inner(diagram, group, &size, titles.get(group).copied().unwrap_or_default()))
        .collect();

    // Groups and free boxes as boxes.
    let mut outer = Layers::default();
    let groups: Vec<usize> = inner.iter().map(|it| outer.node(it.size)).collect();
    let mut unit: BTreeMap<usize, usize> = BTreeMap::new();
    for (at, it) in diagram.boxes.iter().enumerate() {
        let node = match it.group.and_then(|group| groups.get(group)) {
            Some(node) => *node,
            None => outer.node(size(at)),
        };
        unit.insert(at, node);
    }
    for (from, to) in &diagram.arrows {
        if let (Some(from), Some(to)) = (unit.get(from), unit.get(to)) {
            outer.edge(*from, *to);
        }
    }
    let outer = outer.arrange();

    let mut placed = Placed { width: outer.width, height: outer.height, ..Placed::default() };
    for (at, it) in diagram.boxes.iter().enumerate() {
        let frame = unit.get(&at).and_then(|node| outer.rects.get(*node)).copied().unwrap_or_default();
        let rect = match it.group.and_then(|group| inner.get(group)).and_then(|it| it.rects.get(&at)) {
            Some(rect) => Rect { x: frame.x + rect.x, y: frame.y + rect.y, ..*rect },
            None => frame,
        };
        placed.boxes.push(rect);
    }
    let frame = |node: &usize| {
        let it = outer.rects.get(*node).copied().unwrap_or_default();
        Rect { h: it.h - (HEAD - PAD), ..it }
    };
    placed.groups = groups.iter().map(frame).collect();
    for (from, to) in &diagram.arrows {
        placed.arrows.push(route(diagram, &placed, &inner, &outer, &unit, *from, *to));
    }
    placed
}

/// The points of an arrow: out of its box, through what lies between the layers, into its box.
fn route(
    diagram: &Diagram,
    placed: &Placed,
    inner: &[Inner],
    outer: &Arranged,
    unit: &BTreeMap<usize, usize>,
    from: usize,
    to: usize,
) -> Vec<(f64, f64)> {
    let (Some(start), Some(end)) = (placed.boxes.get(from), placed.boxes.get(to)) else { return vec![] };
    let group = |at: usize| diagram.boxes.get(at).and_then(|it| it.group);
    let shifted = |group: usize, points: &[(f64, f64)]| -> Vec<(f64, f64)> {
        let frame = placed.groups.get(group).copied().unwrap_or_default();
        points.iter().map(|(x, y)| (frame.x + x, frame.y + y)).collect()
    };
    let mut points = vec![(start.x + start.w, start.y + start.h / 2.0)];
    match (group(from), group(to)) {
        (Some(a), Some(b)) if a == b => {
            let way = inner.get(a).and_then(|it| it.ways.get(&(from, to)));
            points.extend(shifted(a, way.map(Vec::as_slice).unwrap_or_default()));
        }
        (a, b) => {
            if let Some(way) = a.and_then(|group| Some((group, inner.get(group)?.leaving.get(&from)?))) {
                points.extend(shifted(way.0, way.1));
            }
            if let (Some(from), Some(to)) = (unit.get(&from), unit.get(&to)) {
                points.extend(outer.ways.get(&(*from, *to)).cloned().unwrap_or_default());
            }
            if let Some(way) = b.and_then(|group| Some((group, inner.get(group)?.entering.get(&(from, to))?))) {
                points.extend(shifted(way.0, way.1));
            }
        }
    }
    points.push((end.x, end.y + end.h / 2.0));
    points
}

/// The boxes of a group, from its own top left corner.
struct Inner {
    size: (f64, f64),
    rects: BTreeMap<usize, Rect>,
    ways: BTreeMap<(usize, usize), Vec<(f64, f64)>>,
    entering: BTreeMap<(usize, usize), Vec<(f64, f64)>>,
    leaving: BTreeMap<usize, Vec<(f64, f64)>>,
}

fn inner(diagram: &Diagram, group: usize, size: &dyn Fn(usize) -> (f64, f64), title: f64) -> Inner {
    let own = |at: usize| diagram.boxes.get(at).is_some_and(|it| it.group == Some(group));
    let mut layers = Layers::default();
    let mut nodes: BTreeMap<usize, usize> = BTreeMap::new();
    for at in (0..diagram.boxes.len()).filter(|at| own(*at)) {
        nodes.insert(at, layers.node(size(at)));
    }
    // One door per box outside that is read, one exit per box that is read outside, if the way to it is not free anyway.
    let mut doors: BTreeMap<usize, usize> = BTreeMap::new();
    let mut exits: BTreeMap<usize, usize> = BTreeMap::new();
    for (from, to) in &diagram.arrows {
        match (nodes.get(from).copied(), nodes.get(to).copied()) {
            (Some(from), Some(to)) => layers.edge(from, to),
            (None, Some(to)) => {
                let door = *doors.entry(*from).or_insert_with(|| layers.node((0.0, 0.0)));
                layers.edge(door, to);
            }
            (Some(node), None) => {
                let exit = *exits.entry(*from).or_insert_with(|| layers.node((0.0, 0.0)));
                layers.edge(node, exit);
            }
            (None, None) => {}
        }
    }
    let arranged = layers.arrange();
    let rect = |node: usize| arranged.rects.get(node).copied().unwrap_or_default();
    // Doors and exits take columns of their own, which are only room for arrows.
    let left = nodes.values().map(|it| rect(*it).x).fold(f64::INFINITY, f64::min);
    let right = nodes.values().map(|it| rect(*it).x + rect(*it).w).fold(0.0, f64::max);
    let (left, right) = if left.is_finite() { (left, right) } else { (0.0, 0.0) };
    let width = (right - left + 2.0 * PAD).max(title + 2.0 * PAD);
    let spare = (width - (right - left) - 2.0 * PAD) / 2.0;
    let moved = |(x, y): (f64, f64)| (x - left + PAD + spare, y + HEAD);
    let way = |from: usize, to: usize| -> Vec<(f64, f64)> {
        arranged.ways.get(&(from, to)).into_iter().flatten().map(|it| moved(*it)).collect()
    };
    let rects = nodes.iter().map(|(at, node)| {
        let it = rect(*node);
        let (x, y) = moved((it.x, it.y));
        (*at, Rect { x, y, ..it })
    });
    let rects: BTreeMap<usize, Rect> = rects.collect();
    let mut inner = Inner {
        // As much room below as the title takes above: the boxes of a group stand level with those outside.
        size: (width, arranged.height + 2.0 * HEAD),
        rects,
        ways: BTreeMap::new(),
        entering: BTreeMap::new(),
        leaving: BTreeMap::new(),
    };
    for (from, to) in &diagram.arrows {
        match (nodes.get(from), nodes.get(to)) {
            (Some(a), Some(b)) => {
                inner.ways.insert((*from, *to), way(*a, *b));
            }
            (None, Some(b)) => {
                if let Some(door) = doors.get(from) {
                    inner.entering.insert((*from, *to), way(*door, *b));
                }
            }
            (Some(a), None) => {
                if let Some(exit) = exits.get(from) {
                    inner.leaving.insert(*from, way(*a, *exit));
                }
            }
            (None, None) => {}
        }
    }
    inner
}

/// Nodes and edges on their way into layers.
#[derive(Default)]
struct Layers {
    sizes: Vec<(f64, f64)>,
    edges: Vec<(usize, usize)>,
}

/// Nodes and the points of long edges, placed.
struct Arranged {
    rects: Vec<Rect>,
    ways: BTreeMap<(usize, usize), Vec<(f64, f64)>>,
    width: f64,
    height: f64,
}

impl Layers {
    fn node(&mut self, size: (f64, f64)) -> usize {
        self.sizes.push(size);
        self.sizes.len() - 1
    }

    fn edge(&mut self, from: usize, to: usize) {
        if from != to && !self.edges.contains(&(from, to)) {
            self.edges.push((from, to));
        }
    }

    /// The layer of each node: behind the last of its inputs; what has no input right before the first of its readers.
    fn ranks(&self) -> Vec<usize> {
        let mut ranks = vec![0_usize; self.sizes.len()];
        // A program is no cycle; if groups make one, the bound ends it.
        for _ in 0..self.sizes.len() {
            let mut changed = false;
            for (from, to) in &self.edges {
                let behind = ranks.get(*from).copied().unwrap_or_default() + 1;
                if let Some(rank) = ranks.get_mut(*to).filter(|rank| **rank < behind) {
                    *rank = behind;
                    changed = true;
                }
            }
            if !changed {
                break;
            }
        }
        for node in 0..self.sizes.len() {
            let fed = self.edges.iter().any(|(_, to)| *to == node);
            let readers = self.edges.iter().filter(|(from, _)| *from == node);
            let nearest = readers.filter_map(|(_, to)| ranks.get(*to).copied()).min();
            if let (false, Some(nearest), Some(rank)) = (fed, nearest, ranks.get_mut(node)) {
                *rank = nearest.saturating_sub(1);
            }
        }
        ranks
    }

    fn arrange(mut self) -> Arranged {
        let real = self.sizes.len();
        let ranks = self.ranks();
        let rank = |node: usize| ranks.get(node).copied().unwrap_or_default();
        let mut ways: BTreeMap<(usize, usize), Vec<usize>> = BTreeMap::new();
        let mut short: Vec<(u32, u32)> = vec![];
        let id = |node: usize| u32::try_from(node).unwrap_or(u32::MAX);
        for (from, to) in std::mem::take(&mut self.edges) {
            let mut last = from;
            let mut points = vec![];
            for _ in rank(from) + 1..rank(to) {
                self.sizes.push((0.0, 0.0));
                points.push(self.sizes.len() - 1);
                short.push((id(last), id(self.sizes.len() - 1)));
                last = self.sizes.len() - 1;
            }
            short.push((id(last), id(to)));
            ways.insert((from, to), points);
        }
        // The library puts what has no input into the first layer: a way from there holds it where it belongs.
        let fed: std::collections::BTreeSet<u32> = short.iter().map(|(_, to)| *to).collect();
        for node in (0..real).filter(|it| !fed.contains(&id(*it))) {
            let mut last = node;
            for _ in 0..rank(node) {
                self.sizes.push((0.0, 0.0));
                short.push((id(self.sizes.len() - 1), id(last)));
                last = self.sizes.len() - 1;
            }
        }
        let centres = self.centres(&short);
        let rects: Vec<Rect> = self
            .sizes
            .iter()
            .zip(&centres)
            .map(|((w, h), (x, y))| Rect { x: x - w / 2.0, y: y - h / 2.0, w: *w, h: *h })
            .collect();
        // A point of a long edge is a way through its whole column, straight on between the boxes.
        let through = |node: &usize| {
            let (x, y) = centres.get(*node).copied().unwrap_or_default();
            let column = rects.iter().zip(&centres).filter(|(_, centre)| (centre.0 - x).abs() < 1.0);
            let half = column.map(|(rect, _)| rect.w / 2.0).fold(0.0, f64::max);
            [(x - half, y), (x + half, y)]
        };
        let ways = ways.iter().map(|(edge, points)| (*edge, points.iter().flat_map(through).collect())).collect();
        let width = rects.iter().map(|it| it.x + it.w).fold(0.0, f64::max);
        let height = rects.iter().map(|it| it.y + it.h).fold(0.0, f64::max);
        Arranged { rects: rects.into_iter().take(real).collect(), ways, width, height }
    }

    /// The centre of every node, from the top left corner of all. The parts of an unconnected graph stand below one another.
    fn centres(&self, edges: &[(u32, u32)]) -> Vec<(f64, f64)> {
        // A quarter turn: our column is its row. Its one spacing is for rows of ours; columns get theirs by their size.
        let turned: Vec<(u32, (f64, f64))> =
            (0_u32..).zip(&self.sizes).map(|(at, (w, h))| (at, (*h, w + COLUMN - ROW))).collect();
        // `Up` keeps each layer where `ranks` has it: every edge is one layer long. To minimise their lengths has no bound on its
        // steps, and took minutes for some small graphs.
        let config = Config {
            vertex_spacing: ROW,
            dummy_vertices: false,
            ranking_type: RankingType::Up,
            transpose: self.sizes.len() < 200,
            ..Config::default()
        };
        let mut centres = vec![(0.0, 0.0); self.sizes.len()];
        let mut top = 0.0;
        let mut parts = rust_sugiyama::from_vertices_and_edges(&turned, edges, &config);
        for (nodes, _, _) in &mut parts {
            nodes.sort_by_key(|(node, _)| *node);
        }
        parts.sort_by_key(|(nodes, _, _)| nodes.first().map(|(node, _)| *node));
        for (nodes, _, _) in parts {
            let mut columns: BTreeMap<i64, Vec<(usize, f64, f64)>> = BTreeMap::new();
            for (node, (across, along)) in nodes {
                // Rounded to whole points: what floats differ in is not another column.
                #[allow(clippy::cast_possible_truncation)]
                columns.entry(along.round() as i64).or_default().push((node, along, across));
            }
            self.apart(&mut columns);
            let size = |node: usize| self.sizes.get(node).copied().unwrap_or_default();
            let all = || columns.values().flatten();
            let left = all().map(|(node, x, _)| x - size(*node).0 / 2.0).fold(f64::INFINITY, f64::min);
            let up = all().map(|(node, _, y)| y - size(*node).1 / 2.0).fold(f64::INFINITY, f64::min);
            let mut bottom: f64 = top;
            for (node, x, y) in all() {
                let y = y - up + top;
                bottom = bottom.max(y + size(*node).1 / 2.0);
                if let Some(centre) = centres.get_mut(*node) {
                    *centre = (x - left, y);
                }
            }
            top = bottom + ROW;
        }
        centres
    }

    /// Within a column nothing may touch: the medians of four layouts, which the library takes, do not promise that.
    fn apart(&self, columns: &mut BTreeMap<i64, Vec<(usize, f64, f64)>>) {
        for column in columns.values_mut() {
            column.sort_by(|a, b| a.2.total_cmp(&b.2).then(a.0.cmp(&b.0)));
            let mut free = f64::NEG_INFINITY;
            for (node, _, y) in column {
                let half = self.sizes.get(*node).map_or(0.0, |it| it.1 / 2.0);
                *y = y.max(free + half);
                free = *y + half + if half > 0.0 { ROW } else { ROW / 2.0 };
            }
        }
    }
}
