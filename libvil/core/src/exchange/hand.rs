//! What an end has in hand: as many positions as its contract's loans, and the names of what lies there. Private.
//!
//! Taking the position that came free last and looking one up by its name cost one comparison with a bound each.

/// What lies at a position: its name, and one word of the caller's. Where nothing does, the name is one that is never asked
/// for there and the word is the position that came free before it.
#[derive(Debug, Clone, Copy)]
struct Place {
    name: u64,
    word: u64,
}

/// Positions with what lies there.
#[derive(Debug, Clone)]
pub(super) struct Hand {
    places: Box<[Place]>,
    /// The position that came free last; none beyond the last position.
    free: u64,
}

impl Hand {
    /// So many positions, all free.
    pub(super) fn new(count: u32) -> Hand {
        let places = (0..u64::from(count)).map(|position| Place { name: !position, word: position + 1 });
        Hand { places: places.collect(), free: 0 }
    }

    /// Is a position free? The one that is filled next.
    #[inline(always)]
    pub(super) fn next(&self) -> Option<usize> {
        let next = self.free as usize;
        (next < self.places.len()).then_some(next)
    }

    /// Fills the position that `next` answered. A name says its position, in its lowest 16 bits or far above them, so that
    /// no name is the complement of another one, or of the position, where both are asked for.
    #[inline(always)]
    pub(super) fn fill(&mut self, position: usize, name: u64, word: u64) {
        if let Some(place) = self.places.get_mut(position) {
            self.free = place.word;
            *place = Place { name, word };
        }
    }

    /// The word at a position, if this name is what lies there.
    #[inline(always)]
    pub(super) fn get(&self, position: usize, name: u64) -> Option<u64> {
        self.places.get(position).filter(|place| place.name == name).map(|place| place.word)
    }

    /// Takes out the word at a position, if this name is what lies there.
    #[inline(always)]
    pub(super) fn take(&mut self, position: usize, name: u64) -> Option<u64> {
        let place = self.places.get_mut(position).filter(|place| place.name == name)?;
        let word = place.word;
        *place = Place { name: !name, word: self.free };
        self.free = position as u64;
        Some(word)
    }

    /// Frees a position at which something lies.
    #[inline(always)]
    pub(super) fn end(&mut self, position: usize) {
        if let Some(place) = self.places.get_mut(position) {
            *place = Place { name: !place.name, word: self.free };
            self.free = position as u64;
        }
    }

    /// Gives what lies at a position another name.
    #[inline]
    pub(super) fn rename(&mut self, position: usize, name: u64) {
        if let Some(place) = self.places.get_mut(position) {
            place.name = name;
        }
    }

    /// Takes everything out: positions, names and words.
    pub(super) fn drain(&mut self) -> impl Iterator<Item = (usize, u64, u64)> + use<> {
        let count = self.places.len() as u32;
        let Hand { places, free } = std::mem::replace(self, Hand::new(count));
        let mut is_free = vec![false; places.len()];
        let mut next = free as usize;
        while let Some(mark) = is_free.get_mut(next) {
            *mark = true;
            next = places[next].word as usize;
        }
        let filled = places.into_iter().enumerate().filter(move |(position, _)| !is_free[*position]);
        filled.map(|(position, place)| (position, place.name, place.word))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_given_out_once_and_the_one_that_came_free_last_comes_first() {
        let mut hand = Hand::new(2);
        for name in [1 << 16, 2 << 16 | 1] {
            let position = hand.next().unwrap();
            hand.fill(position, name, name * 10);
        }
        let [first, second, third] = [1 << 16, 2 << 16 | 1, 3 << 16 | 1];
        assert_eq!((hand.next(), hand.get(0, first), hand.get(1, second)), (None, Some(first * 10), Some(second * 10)));
        assert_eq!((hand.get(0, second), hand.get(2, first), hand.take(0, second)), (None, None, None));
        hand.end(0);
        assert_eq!((hand.take(1, second), hand.take(1, second)), (Some(second * 10), None));
        assert_eq!((hand.next(), hand.get(0, first), hand.get(1, 1), hand.get(0, 0)), (Some(1), None, None, None));
        hand.fill(1, third, 90);
        hand.rename(1, !third);
        assert_eq!((hand.next(), hand.get(1, third), hand.get(1, !third)), (Some(0), None, Some(90)));
        assert!(hand.drain().eq([(1, !third, 90)]));
        assert_eq!(hand.next(), Some(0));
    }

    #[test]
    fn a_hand_without_positions_holds_nothing() {
        let hand = Hand::new(0);
        assert_eq!((hand.next(), hand.get(0, 1)), (None, None));
    }
}
