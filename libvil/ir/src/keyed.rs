//! A map in the order of its keys, over whatever it holds.
//!
//! The tree knows keys and places only, the items lie beside it in the order they came. So the compiler makes one tree
//! for each type of key, not for each pair of types: with a tree for each of its thirty pairs the library would be a
//! tenth larger. Items are replaced and never taken out.

use std::borrow::Borrow;
use std::collections::{BTreeMap, btree_map};
use std::fmt;
use std::ops::Index;

/// A map in the order of its keys.
#[derive(Clone)]
pub struct Keyed<K, T> {
    /// Positions in `items`.
    places: BTreeMap<K, usize>,
    items: Vec<T>,
}

impl<K, T> Keyed<K, T> {
    /// An empty map.
    pub const fn new() -> Keyed<K, T> {
        Keyed { places: BTreeMap::new(), items: Vec::new() }
    }

    /// How many items it holds.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Keys and items, in the order of the keys.
    pub fn iter(&self) -> Iter<'_, K, T> {
        Iter { places: self.places.iter(), items: &self.items }
    }

    /// The keys in order.
    pub fn keys(&self) -> impl Iterator<Item = &K> + Clone {
        self.places.keys()
    }

    /// The items in the order of their keys.
    pub fn values(&self) -> impl Iterator<Item = &T> {
        self.iter().map(|(_, item)| item)
    }

    /// The items to be changed, in the order they came.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.items.iter_mut()
    }

    /// Takes everything out.
    pub fn clear(&mut self) {
        *self = Keyed::new();
    }
}

impl<K: Ord, T> Keyed<K, T> {
    /// The item of a key.
    pub fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&T>
    where
        K: Borrow<Q>,
    {
        self.places.get(key).map(|place| &self.items[*place])
    }

    /// The item of a key, to be changed.
    pub fn get_mut<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<&mut T>
    where
        K: Borrow<Q>,
    {
        self.places.get(key).map(|place| &mut self.items[*place])
    }

    /// Whether a key is there.
    pub fn contains_key<Q: Ord + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.places.contains_key(key)
    }

    /// Puts an item under a key; the item that was there before, if any.
    pub fn insert(&mut self, key: K, item: T) -> Option<T> {
        match self.place(key) {
            place if place < self.items.len() => Some(std::mem::replace(&mut self.items[place], item)),
            _ => {
                self.items.push(item);
                None
            }
        }
    }

    /// The item of a key; the empty one when there was none.
    pub fn or_default(&mut self, key: K) -> &mut T
    where
        T: Default,
    {
        self.or_insert_with(key, T::default)
    }

    /// The item of a key; one that is made now when there was none.
    pub fn or_insert_with(&mut self, key: K, make: impl FnOnce() -> T) -> &mut T {
        let place = self.place(key);
        if place == self.items.len() {
            self.items.push(make());
        }
        &mut self.items[place]
    }

    /// Where the item of a key lies: behind all others when the key is new.
    fn place(&mut self, key: K) -> usize {
        let next = self.items.len();
        *self.places.entry(key).or_insert(next)
    }
}

/// Keys and items of a map.
pub struct Iter<'a, K, T> {
    places: btree_map::Iter<'a, K, usize>,
    items: &'a [T],
}

impl<'a, K, T> Iterator for Iter<'a, K, T> {
    type Item = (&'a K, &'a T);

    fn next(&mut self) -> Option<(&'a K, &'a T)> {
        self.places.next().map(|(key, place)| (key, &self.items[*place]))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.places.size_hint()
    }
}

impl<K, T> ExactSizeIterator for Iter<'_, K, T> {}

impl<K, T> Clone for Iter<'_, K, T> {
    fn clone(&self) -> Self {
        Iter { places: self.places.clone(), items: self.items }
    }
}

impl<'a, K, T> IntoIterator for &'a Keyed<K, T> {
    type Item = (&'a K, &'a T);
    type IntoIter = Iter<'a, K, T>;

    fn into_iter(self) -> Iter<'a, K, T> {
        self.iter()
    }
}

impl<K: Ord, T> Extend<(K, T)> for Keyed<K, T> {
    fn extend<I: IntoIterator<Item = (K, T)>>(&mut self, items: I) {
        items.into_iter().for_each(|(key, item)| drop(self.insert(key, item)));
    }
}

impl<K: Ord, T> FromIterator<(K, T)> for Keyed<K, T> {
    fn from_iter<I: IntoIterator<Item = (K, T)>>(items: I) -> Self {
        let mut map = Keyed::new();
        map.extend(items);
        map
    }
}

impl<K: Ord + Borrow<Q>, Q: Ord + ?Sized, T> Index<&Q> for Keyed<K, T> {
    type Output = T;

    /// Panics when the key is not there.
    fn index(&self, key: &Q) -> &T {
        self.get(key).expect("the key is there")
    }
}

impl<K, T> Default for Keyed<K, T> {
    fn default() -> Self {
        Keyed::new()
    }
}

impl<K: PartialEq, T: PartialEq> PartialEq for Keyed<K, T> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl<K: Eq, T: Eq> Eq for Keyed<K, T> {}

impl<K: fmt::Debug, T: fmt::Debug> fmt::Debug for Keyed<K, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::Keyed;

    #[test]
    fn items_come_in_the_order_of_their_keys_and_the_last_of_a_key_stays() {
        let mut map = Keyed::from_iter([(3, "c"), (1, "a"), (2, "x")]);
        assert_eq!(map.insert(2, "b"), Some("x"));
        map.or_default(0);
        assert_eq!(map.or_default(3), &"c");
        assert_eq!(map.iter().collect::<Vec<_>>(), [(&0, &""), (&1, &"a"), (&2, &"b"), (&3, &"c")]);
        assert_eq!((map.len(), map[&2], map.get(&4)), (4, "b", None));
    }

    #[test]
    fn maps_are_equal_when_they_hold_the_same_whenever_it_came() {
        assert_eq!(Keyed::from_iter([(1, 'a'), (2, 'b')]), Keyed::from_iter([(2, 'b'), (1, 'a')]));
        assert_ne!(Keyed::from_iter([(1, 'a')]), Keyed::from_iter([(1, 'b')]));
        assert_ne!(Keyed::from_iter([(1, 'a')]), Keyed::new());
    }
}
