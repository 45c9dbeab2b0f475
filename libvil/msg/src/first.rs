//! Which routes a reader has had a sound message of, for who verifies the first ones alone.

/// Looks at a message unless one of its route was found sound before. `sound` holds a bit for each of the first 64 routes of a
/// world, none at first; a message of a later route is always looked at.
pub fn verify_first<E>(sound: &mut u64, route: u32, look: impl FnOnce() -> Result<(), E>) -> Result<(), E> {
    let bit = 1u64.checked_shl(route).unwrap_or(0);
    if *sound & bit != 0 {
        return Ok(());
    }
    look()?;
    *sound |= bit;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::verify_first;

    /// How often of four messages of a route one is looked at, of which the first two are not sound.
    fn looks(route: u32) -> u32 {
        let (mut sound, mut looks) = (0, 0);
        for index in 0..4 {
            let found = verify_first(&mut sound, route, || {
                looks += 1;
                if index < 2 { Err(()) } else { Ok(()) }
            });
            assert_eq!(found.is_err(), index < 2, "message {index} of route {route}");
        }
        looks
    }

    #[test]
    fn the_first_sound_message_of_a_route_is_the_last_that_is_looked_at() {
        assert_eq!([0, 1, 63].map(looks), [3; 3]);
    }

    #[test]
    fn messages_of_routes_that_are_not_remembered_are_all_looked_at() {
        assert_eq!([64, 65, u32::MAX].map(looks), [4; 3]);
    }

    #[test]
    fn one_route_says_nothing_of_another() {
        let mut sound = 0;
        assert_eq!(verify_first(&mut sound, 3, || Ok::<(), ()>(())), Ok(()));
        assert_eq!(verify_first(&mut sound, 4, || Err(())), Err(()));
    }
}
