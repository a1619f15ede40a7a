//! A tree of byte strings, each with a value: a radix tree in an arena.
//!
//! No function is recursive, because peers choose the depth: strings that are prefixes of each other form
//! a chain.

use crate::memory::{OutOfMemory, copied};

/// The value of a string in the tree.
pub(crate) trait Value: Default {
    /// Whether the value is empty, so that its string can be removed.
    fn is_empty(&self) -> bool;
}

/// Strings with values. The place of a string is valid as long as its value is not empty.
#[derive(Debug)]
pub(crate) struct Tree<V> {
    nodes: Vec<Node<V>>,
    /// The first of the nodes without a string, each of which has the next one as its parent; the root if there is none.
    free: u32,
    /// The number of nodes without a string.
    free_count: usize,
}

#[derive(Debug)]
struct Node<V> {
    /// The bytes that it appends to the string of its parent.
    label: Box<[u8]>,
    parent: u32,
    /// The children, ordered by the first byte of their labels.
    children: Vec<(u8, u32)>,
    value: V,
}

/// The place of the empty string.
const ROOT: u32 = 0;

impl<V: Value> Tree<V> {
    pub(crate) fn new() -> Self {
        let root =
            Node { label: Box::default(), parent: ROOT, children: Vec::new(), value: V::default() };
        Self { nodes: vec![root], free: ROOT, free_count: 0 }
    }

    /// The place of a string, created if it does not exist. Set a value or [prune](Self::prune) it.
    pub(crate) fn entry(&mut self, string: &[u8]) -> Result<u32, OutOfMemory> {
        let mut at = ROOT;
        let mut rest = string;
        while let Some(&first) = rest.first() {
            let slot = self.node(at).children.binary_search_by_key(&first, |child| child.0);
            let slot = match slot {
                Ok(slot) => slot,
                Err(slot) => {
                    self.node_mut(at).children.try_reserve(1)?;
                    let new = self.make(copied(rest)?, at, Vec::new())?;
                    self.node_mut(at).children.insert(slot, (first, new));
                    return Ok(new);
                }
            };
            let child = self.node(at).children[slot].1;
            let label = &self.node(child).label;
            let common = label.iter().zip(rest).take_while(|(a, b)| a == b).count();
            if common == label.len() {
                at = child;
            } else {
                // The child keeps its place; a new node is inserted above it.
                let (head, tail) = label.split_at(common);
                let (head, tail) = (copied(head)?, copied(tail)?);
                let mut children = Vec::new();
                children.try_reserve(1)?;
                children.push((tail[0], child));
                let middle = self.make(head, at, children)?;
                self.node_mut(at).children[slot].1 = middle;
                let child = self.node_mut(child);
                (child.label, child.parent) = (tail, middle);
                at = middle;
            }
            rest = &rest[common..];
        }
        Ok(at)
    }

    /// The place of a string, if it exists.
    pub(crate) fn find(&self, string: &[u8]) -> Option<u32> {
        let mut at = ROOT;
        let mut rest = string;
        while let Some(child) = self.step(at, rest) {
            rest = &rest[self.node(child).label.len()..];
            at = child;
        }
        rest.is_empty().then_some(at)
    }

    /// Calls `each` for every value whose string `subject` begins with, until it returns `false`.
    pub(crate) fn prefixes(&self, subject: &[u8], mut each: impl FnMut(&V) -> bool) {
        let mut at = ROOT;
        let mut rest = subject;
        loop {
            let node = self.node(at);
            if !node.value.is_empty() && !each(&node.value) {
                return;
            }
            let Some(child) = self.step(at, rest) else { return };
            rest = &rest[self.node(child).label.len()..];
            at = child;
        }
    }

    pub(crate) fn value(&self, place: u32) -> &V {
        &self.node(place).value
    }

    pub(crate) fn value_mut(&mut self, place: u32) -> &mut V {
        &mut self.node_mut(place).value
    }

    /// The string of a place.
    pub(crate) fn topic(&self, place: u32) -> Result<Vec<u8>, OutOfMemory> {
        let (mut at, mut topic) = (place, Vec::new());
        while at != ROOT {
            let label = &self.node(at).label;
            topic.try_reserve(label.len())?;
            topic.extend(label.iter().rev());
            at = self.node(at).parent;
        }
        topic.reverse();
        Ok(topic)
    }

    /// Calls `each` for every string whose value is not empty, in ascending order.
    pub(crate) fn each(&self, mut each: impl FnMut(&[u8], &V)) {
        let mut string = Vec::new();
        // Nodes with the length of the string of their parents.
        let mut left = vec![(ROOT, 0)];
        while let Some((at, len)) = left.pop() {
            let node = self.node(at);
            string.truncate(len);
            string.extend_from_slice(&node.label);
            if !node.value.is_empty() {
                each(&string, &node.value);
            }
            let len = string.len();
            left.extend(node.children.iter().rev().map(|&(_, child)| (child, len)));
        }
    }

    /// Removes a place whose value is empty, and the nodes that exist for it only.
    pub(crate) fn prune(&mut self, place: u32) {
        let mut at = place;
        while at != ROOT && self.node(at).value.is_empty() {
            let parent = self.node(at).parent;
            let first = self.node(at).label[0];
            let slot = self.node(parent).children.binary_search_by_key(&first, |child| child.0);
            let Ok(slot) = slot else { return };
            match self.node(at).children[..] {
                [] => {
                    self.node_mut(parent).children.remove(slot);
                    self.release(at);
                    at = parent;
                }
                [(_, child)] => {
                    // Without memory the node stays.
                    let Ok(label) = self.joined(at, child) else { return };
                    self.node_mut(parent).children[slot].1 = child;
                    let child = self.node_mut(child);
                    (child.label, child.parent) = (label, parent);
                    return self.release(at);
                }
                _ => return,
            }
        }
    }

    /// The child that `rest` leads to, if `rest` contains the whole label of that child.
    fn step(&self, at: u32, rest: &[u8]) -> Option<u32> {
        let children = &self.node(at).children;
        let slot = children.binary_search_by_key(rest.first()?, |child| child.0).ok()?;
        let child = children[slot].1;
        rest.starts_with(&self.node(child).label).then_some(child)
    }

    /// The label of a node, followed by that of its child.
    fn joined(&self, at: u32, child: u32) -> Result<Box<[u8]>, OutOfMemory> {
        let (head, tail) = (&self.node(at).label, &self.node(child).label);
        let mut label = Vec::new();
        label.try_reserve_exact(head.len() + tail.len())?;
        label.extend_from_slice(head);
        label.extend_from_slice(tail);
        Ok(label.into())
    }

    fn make(
        &mut self,
        label: Box<[u8]>,
        parent: u32,
        children: Vec<(u8, u32)>,
    ) -> Result<u32, OutOfMemory> {
        let place = match self.free {
            ROOT => {
                self.nodes.try_reserve(1)?;
                self.nodes.len() as u32
            }
            free => {
                self.free = self.node(free).parent;
                self.free_count -= 1;
                free
            }
        };
        for &(_, child) in &children {
            self.node_mut(child).parent = place;
        }
        let node = Node { label, parent, children, value: V::default() };
        match self.nodes.get_mut(place as usize) {
            Some(slot) => *slot = node,
            None => self.nodes.push(node),
        }
        Ok(place)
    }

    fn release(&mut self, place: u32) {
        let next = core::mem::replace(&mut self.free, place);
        let node = self.node_mut(place);
        *node =
            Node { label: Box::default(), parent: next, children: Vec::new(), value: V::default() };
        self.free_count += 1;
        if self.free_count == self.nodes.len() - 1 {
            // Only the root is left: free the memory.
            self.nodes.truncate(1);
            self.nodes.shrink_to_fit();
            (self.free, self.free_count) = (ROOT, 0);
        }
    }

    fn node(&self, place: u32) -> &Node<V> {
        &self.nodes[place as usize]
    }

    fn node_mut(&mut self, place: u32) -> &mut Node<V> {
        &mut self.nodes[place as usize]
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    impl Value for u32 {
        fn is_empty(&self) -> bool {
            *self == 0
        }
    }

    /// Short strings of few letters, so that they share prefixes.
    fn string(random: &mut fastrand::Rng) -> Vec<u8> {
        (0..random.usize(..6)).map(|_| random.u8(b'a'..=b'c')).collect()
    }

    #[test]
    fn it_equals_a_map_after_random_changes() {
        let mut random = fastrand::Rng::with_seed(7);
        let mut tree = Tree::<u32>::new();
        let mut map = BTreeMap::new();
        for step in 1..20_000 {
            let key = string(&mut random);
            if random.bool() {
                let place = tree.entry(&key).unwrap();
                *tree.value_mut(place) = step;
                map.insert(key, step);
            } else if let Some(place) = tree.find(&key) {
                *tree.value_mut(place) = 0;
                tree.prune(place);
                map.remove(&key);
            }
            let subject = string(&mut random);
            let mut found = Vec::new();
            tree.prefixes(&subject, |value| {
                found.push(*value);
                true
            });
            let wanted: Vec<u32> =
                (0..=subject.len()).filter_map(|n| map.get(&subject[..n]).copied()).collect();
            assert_eq!(found, wanted, "step {step}");
        }
        let mut all = Vec::new();
        tree.each(|string, value| all.push((string.to_vec(), *value)));
        let wanted = map.iter().map(|(string, value)| (string.clone(), *value));
        assert!(all.into_iter().eq(wanted));
        for key in map.into_keys() {
            let place = tree.find(&key).unwrap();
            *tree.value_mut(place) = 0;
            tree.prune(place);
        }
        assert_eq!((tree.nodes.len(), tree.free_count), (1, 0));
    }

    #[test]
    fn a_long_chain_of_prefixes_does_not_overflow_the_stack() {
        let mut tree = Tree::<u32>::new();
        let long = vec![b'x'; 50_000];
        for n in 1..=long.len() {
            let place = tree.entry(&long[..n]).unwrap();
            *tree.value_mut(place) = 1;
            if n > 2_000 {
                break;
            }
        }
        let place = tree.entry(&long).unwrap();
        assert_eq!(tree.topic(place), Ok(long));
        drop(tree);
    }
}
