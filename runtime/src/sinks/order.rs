//! In which order the sinks of an epoch are written, so that a row comes after the rows it refers to. Knows no SQL: a database
//! says which of its tables refer to which.

/// A sink whose table has a foreign key to the table of another one. By index in the stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Refers {
    /// The sink that is written later.
    pub from: usize,
    /// The one that is written before.
    pub to: usize,
}

/// The order of that many sinks, as they stand where nothing speaks against it; or the sinks of a cycle, each of which refers to
/// the next, and the last one to the first.
pub(crate) fn order(sinks: usize, refers: &[Refers]) -> Result<Vec<usize>, Vec<usize>> {
    let mut left: Vec<usize> = (0..sinks).collect();
    let mut ordered = Vec::with_capacity(sinks);
    // The first one among those left that this one waits for. A table may refer to itself: its rows are checked together.
    let waits_for = |sink: usize, left: &[usize]| {
        left.iter().copied().find(|it| *it != sink && refers.contains(&Refers { from: sink, to: *it }))
    };
    while let Some(first) = left.first().copied() {
        let free = left.iter().position(|sink| waits_for(*sink, &left).is_none());
        if let Some(place) = free {
            ordered.push(left.remove(place));
            continue;
        }
        let mut path = vec![first];
        while let Some(next) = path.last().and_then(|last| waits_for(*last, &left)) {
            if let Some(start) = path.iter().position(|it| *it == next) {
                return Err(path.split_off(start));
            }
            path.push(next);
        }
        // Each one waits, so the path has come back to itself.
        return Err(path);
    }
    Ok(ordered)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(sinks: usize, refers: &[(usize, usize)]) -> Result<Vec<usize>, Vec<usize>> {
        order(sinks, &refers.iter().map(|(from, to)| Refers { from: *from, to: *to }).collect::<Vec<_>>())
    }

    #[test]
    fn what_is_referred_to_comes_first() {
        assert_eq!(of(3, &[]), Ok(vec![0, 1, 2]));
        assert_eq!(of(3, &[(0, 2), (2, 1), (1, 1)]), Ok(vec![1, 2, 0]));
        assert_eq!(of(4, &[(0, 3)]), Ok(vec![1, 2, 3, 0]));
    }

    #[test]
    fn a_cycle_is_named() {
        assert_eq!(of(4, &[(0, 1), (1, 2), (2, 1)]), Err(vec![1, 2]));
        assert_eq!(of(2, &[(0, 1), (1, 0)]), Err(vec![0, 1]));
    }
}
