//! Maximum matchings in bipartite graphs whose edges are costly to find.

use std::collections::VecDeque;

use super::sink::Stop;

/// Finds the right vertices that a left vertex has edges to.
type Edges<'e> = dyn FnMut(usize) -> Result<Vec<u32>, Stop> + 'e;

pub(super) struct Matching {
    left: Vec<Option<usize>>,
    right: Vec<Option<usize>>,
}

impl Matching {
    /// An empty matching between so many vertices on each side.
    pub(super) fn new(left: usize, right: usize) -> Self {
        Self { left: vec![None; left], right: vec![None; right] }
    }

    pub(super) fn is_free(&self, right: usize) -> bool {
        self.right.get(right).is_some_and(Option::is_none)
    }

    pub(super) fn join(&mut self, left: usize, right: usize) {
        if let Some(slot) = self.left.get_mut(left) {
            *slot = Some(right);
        }
        if let Some(slot) = self.right.get_mut(right) {
            *slot = Some(left);
        }
    }

    pub(super) fn size(&self) -> usize {
        self.left.iter().flatten().count()
    }

    pub(super) fn pairs(&self) -> impl Iterator<Item = (usize, usize)> {
        self.left.iter().enumerate().filter_map(|(left, right)| right.map(|right| (left, right)))
    }

    pub(super) fn partner_of_left(&self, left: usize) -> Option<usize> {
        self.left.get(left).copied().flatten()
    }

    fn partner_of_right(&self, right: usize) -> Option<usize> {
        self.right.get(right).copied().flatten()
    }

    /// Makes the matching maximal in size (Hopcroft and Karp): phases of shortest augmenting paths from all free vertices. Edges
    /// of a vertex are asked for once, and only when a path reaches it.
    pub(super) fn complete(&mut self, edges: &mut Edges<'_>) -> Result<(), Stop> {
        let mut rows: Vec<Option<Vec<u32>>> = vec![None; self.left.len()];
        while let Some(layers) = self.layers(&mut rows, edges)? {
            let mut next = vec![0; rows.len()];
            for left in 0..rows.len() {
                if self.partner_of_left(left).is_none() {
                    self.augment(left, &rows, &layers, &mut next);
                }
            }
        }
        Ok(())
    }

    /// Distance of every left vertex from a free one; `None` when no augmenting path is left. Every vertex on a path of this
    /// phase has its edges known afterwards.
    fn layers(&self, rows: &mut [Option<Vec<u32>>], edges: &mut Edges<'_>) -> Result<Option<Vec<usize>>, Stop> {
        let mut layers = vec![usize::MAX; rows.len()];
        let mut queue = VecDeque::new();
        for (left, layer) in layers.iter_mut().enumerate() {
            if self.partner_of_left(left).is_none() {
                *layer = 0;
                queue.push_back((left, 0));
            }
        }
        // Paths longer than the shortest belong to a later phase.
        let mut shortest = usize::MAX;
        while let Some((left, layer)) = queue.pop_front() {
            if layer > shortest {
                break;
            }
            let Some(row) = rows.get_mut(left) else { continue };
            let row = match row {
                Some(row) => row,
                None => row.insert(edges(left)?),
            };
            for right in row.iter() {
                match self.partner_of_right(*right as usize) {
                    None => shortest = layer,
                    Some(back) => {
                        if let Some(slot) = layers.get_mut(back).filter(|slot| **slot == usize::MAX) {
                            *slot = layer + 1;
                            queue.push_back((back, layer + 1));
                        }
                    }
                }
            }
        }
        Ok((shortest != usize::MAX).then_some(layers))
    }

    /// One augmenting path from a free left vertex along the layers, by an explicit stack.
    fn augment(&mut self, start: usize, rows: &[Option<Vec<u32>>], layers: &[usize], next: &mut [usize]) {
        let mut path: Vec<(usize, usize)> = Vec::new();
        let mut left = start;
        loop {
            let tried = next.get(left).copied().unwrap_or(usize::MAX);
            let Some(right) = rows.get(left).and_then(Option::as_ref).and_then(|row| row.get(tried)).map(|right| *right as usize)
            else {
                // A dead end: step back.
                let Some((before, _)) = path.pop() else { return };
                left = before;
                continue;
            };
            if let Some(slot) = next.get_mut(left) {
                *slot += 1;
            }
            match self.partner_of_right(right) {
                None => {
                    path.push((left, right));
                    for (left, right) in path {
                        self.join(left, right);
                    }
                    return;
                }
                Some(back) => {
                    let here = layers.get(left).copied().unwrap_or(usize::MAX);
                    if layers.get(back).copied() == here.checked_add(1) {
                        path.push((left, right));
                        left = back;
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Matching;

    fn complete(matching: &mut Matching, edges: &[Vec<u32>]) {
        matching.complete(&mut |left| Ok(edges[left].clone())).unwrap();
        for (left, right) in matching.pairs() {
            assert!(edges[left].contains(&u32::try_from(right).unwrap()));
            assert_eq!(matching.partner_of_right(right), Some(left));
        }
    }

    #[test]
    fn a_maximum_matching_is_found_where_greed_fails() {
        let mut matching = Matching::new(4, 3);
        matching.join(0, 0);
        complete(&mut matching, &[vec![0, 1], vec![0], vec![1, 2], vec![2]]);
        assert_eq!(matching.size(), 3);
    }

    #[test]
    fn sizes_agree_with_an_exhaustive_search() {
        /// The best size by trying everything.
        fn best(edges: &[Vec<u32>], used: u32) -> usize {
            let Some((row, rest)) = edges.split_first() else { return 0 };
            let without = best(rest, used);
            let with = row.iter().filter(|r| used & (1 << **r) == 0).map(|r| 1 + best(rest, used | (1 << r))).max();
            with.unwrap_or(0).max(without)
        }
        let mut seed = 1_u32;
        for _ in 0..500 {
            let mut edges = vec![Vec::new(); 6];
            for row in &mut edges {
                for right in 0..6 {
                    seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    if seed >> 30 == 0 {
                        row.push(right);
                    }
                }
            }
            let mut matching = Matching::new(6, 6);
            complete(&mut matching, &edges);
            assert_eq!(matching.size(), best(&edges, 0), "{edges:?}");
        }
    }
}
