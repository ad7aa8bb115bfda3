//! What depends on what: an order in which everything comes after what it needs, and the cycles that have none.
//!
//! Knows numbers only. Iterative (Tarjan), so that a chain of 10,000 declarations costs no stack.

/// The result: `sorted` holds every index once, dependencies first; each of `cycles` is a set that needs itself, in the
/// order of the indices.
pub(crate) struct Order {
    pub(crate) sorted: Vec<usize>,
    pub(crate) cycles: Vec<Vec<usize>>,
}

/// Sorts `0..edges.len()`; `edges[i]` lists what `i` needs. Indices out of range are ignored.
pub(crate) fn order(edges: &[Vec<usize>]) -> Order {
    let mut search = Search {
        edges,
        number: vec![0; edges.len()],
        low: vec![0; edges.len()],
        open: vec![false; edges.len()],
        next: 1,
        stack: vec![],
        order: Order { sorted: vec![], cycles: vec![] },
    };
    for start in 0..edges.len() {
        search.run(start);
    }
    search.order
}

struct Search<'a> {
    edges: &'a [Vec<usize>],
    number: Vec<usize>,
    low: Vec<usize>,
    open: Vec<bool>,
    next: usize,
    stack: Vec<usize>,
    order: Order,
}

fn get(list: &[usize], at: usize) -> usize {
    list.get(at).copied().unwrap_or_default()
}

fn set<T>(list: &mut [T], at: usize, value: T) {
    if let Some(slot) = list.get_mut(at) {
        *slot = value;
    }
}

impl Search<'_> {
    fn run(&mut self, start: usize) {
        if get(&self.number, start) != 0 {
            return;
        }
        let mut frames = vec![(start, 0)];
        self.enter(start);
        while let Some((node, edge)) = frames.last().copied() {
            if let Some(frame) = frames.last_mut() {
                frame.1 += 1;
            }
            match self.edges.get(node).and_then(|edges| edges.get(edge)).copied() {
                Some(target) if target >= self.edges.len() => {}
                Some(target) if get(&self.number, target) == 0 => {
                    self.enter(target);
                    frames.push((target, 0));
                }
                Some(target) => {
                    if self.open.get(target).copied().unwrap_or_default() {
                        let low = get(&self.low, node).min(get(&self.number, target));
                        set(&mut self.low, node, low);
                    }
                }
                None => {
                    frames.pop();
                    if let Some((parent, _)) = frames.last() {
                        let low = get(&self.low, *parent).min(get(&self.low, node));
                        set(&mut self.low, *parent, low);
                    }
                    self.leave(node);
                }
            }
        }
    }

    fn enter(&mut self, node: usize) {
        set(&mut self.number, node, self.next);
        set(&mut self.low, node, self.next);
        set(&mut self.open, node, true);
        self.next += 1;
        self.stack.push(node);
    }

    fn leave(&mut self, node: usize) {
        if get(&self.low, node) != get(&self.number, node) {
            return;
        }
        let mut group = vec![];
        while let Some(member) = self.stack.pop() {
            set(&mut self.open, member, false);
            group.push(member);
            if member == node {
                break;
            }
        }
        group.sort_unstable();
        self.order.sorted.extend(&group);
        let itself = self.edges.get(node).is_some_and(|edges| edges.contains(&node));
        if group.len() > 1 || itself {
            self.order.cycles.push(group);
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::order;

    #[test]
    fn dependencies_come_first() {
        let edges = vec![vec![1, 2], vec![2], vec![], vec![0]];
        let found = order(&edges);
        assert!(found.cycles.is_empty());
        let place = |node| found.sorted.iter().position(|it| *it == node).unwrap();
        for (node, needs) in edges.iter().enumerate() {
            assert!(needs.iter().all(|need| place(*need) < place(node)));
        }
    }

    #[test]
    fn cycles_are_found_and_a_long_chain_needs_no_stack() {
        assert_eq!(order(&[vec![1], vec![2], vec![0], vec![0]]).cycles, vec![vec![0, 1, 2]]);
        assert_eq!(order(&[vec![0]]).cycles, vec![vec![0]]);
        let chain: Vec<Vec<usize>> = (0..100_000).map(|i| vec![i + 1]).collect();
        assert_eq!(order(&chain).sorted.len(), 100_000);
    }
}
