//! What victims do: acts of one letter and one digit, a and b being 10 and 11. `m` is the breakpoint, so what is stepped through is what lies
//! between the two; what comes before it runs at full speed.
//!
//! J j: parse and forget the program. W V: enter and leave a world as left (0) or right (1). S s, R r: open and close a
//! lane's sender, receiver. l d p: loan, discard, publish the oldest loan. n: send. g G: receive at once, or wait for it.
//! o y: release (or consume) the oldest, the youngest. f: pass the oldest on. K e: publish and keep, end what was kept.
//! A: answer the oldest request in hand. w: wait for any. a c i: audit, recover, look. u: unlink.

use vil_tests::random::Random;

/// A world is made and left, and both ends of each lane are opened and closed in between.
pub(crate) const LIVES: &str = "J0m0W0j0W1S0R0S1R1S2R2S3R3S4R4l0p0g0o0n2g2o2a0i0s0r0s1r1s2r2s3r3s4r4V0V1c0m0";

/// Every lane with rings full and empty, wrapped, half released, and released out of order.
pub(crate) const EXCHANGES: &str = concat!(
    "J0W0W1S0R0S1R1S2R2S3R3S4R4m0",
    "g0G0l0p0g0o0l0l0d0d0l0p0l0p0l0p0l0p0l0p0g0g0g0y0y0y0g0o0g0o0l0p0p0g0o0g0o0d0",
    "l1p1l1p1l1p1l1p1n1g1g1y1y1g1o1n1g1o1",
    "g2n2n2n2n2n2l2p2g2g2y2o2g2o2g2o2g2o2n2g2o2",
    "l3l3p3p3g3g3y3y3l3p3l3p3l3p3l3p3l3p3g3g3g3o3y3o3g3o3",
    "n4g4o4l4p4n4n4g4g4y4y4",
    "w0n0n2w0g0g2o0o2a0i0m0"
);

/// Ends are closed with messages in the ring, in hand and on loan, and opened again.
pub(crate) const TURNS: &str = concat!(
    "J0W0W1S0R0S1R1S2R2S3R3S4R4n0n0g0n1n1g1n2n2g2n3n3g3n4g4l0l3m0",
    "r0R0g0g0y0o0s0S0l0p0g0o0r1n1n1n1R1g1o1s1S1n1g1o1s2r2S2R2g2o2g2o2r3R3g3o3g3o3s3S3n3s4r4S4R4g4o4",
    "V0V1W0W1s0s1s2r0r1r2s3r3s4r4V0V1m0"
);

/// The other transfer modes, lanes of `modes.yaml`: given, shared, passed on borrowed and taken, kept, claimed by
/// many, dropped when old, asked and answered;
/// full and empty, and closed with everything under way.
pub(crate) const MODES: &str = concat!(
    "J0W0W1W2S0R0S1R1R2S3R3S4R4S5R5S6R6S7R7S8R8S9R9SaRaSbRbm0",
    "n0n0n0g0g0y0o0l0p0g0",
    "n1n1n1g1g2o1g1y1o1g2y2o2n1g1g2",
    "n4n4g4f4g3n4g4f4g4f4o3g4f4g3g3y3n4g4n4o3",
    "n6n6g6f6g6f6n6g6f6g5o5g5o5f6g5n6n6",
    "l7K7l7K7l7K7e7g7g7o7y7o7e7l7K7g7",
    "g8n8n8n8g8g8y8n8o8g8o8l8p8g8n8o8",
    "g9n9n9n9g9n9n9y9g9o9g9o9l9p9n9n9n9g9",
    "lapanagalbAbgalbAbyaoagbobgbnanb",
    "i0a0r0s0r1s1s3r3s4r4r5s6r6s5r7s7r8s8r9s9rasarbsbV2V0V1m0"
);

/// Somebody comes after a death: opening recovers, then everything is looked at and left.
pub(crate) const RECOVERS: &str = "m0W0a0c0i0V0m0";

/// Somebody comes after a death and goes on with every lane.
pub(crate) const SUCCEEDS: &str =
    concat!("m0W1R0R1R2W0S0S1S2S3R3g0g0g0g0y0y0o0o0n0g0o0g2o2n2g2o2g1o1n1g1o1g3o3n3g3o3", "s0s1s2r0r1r2s3r3V0V1m0");

/// A script of acts of the other transfer modes by chance.
pub(crate) fn modes_by_chance(random: &mut Random, acts: usize) -> String {
    const ACTS: &[char] = &['l', 'p', 'p', 'n', 'n', 'n', 'g', 'g', 'g', 'f', 'f', 'f', 'o', 'o', 'y', 'K', 'e', 'A'];
    let mut script = MODES.split_once("m0").map_or(String::new(), |(opens, _)| opens.to_owned());
    for at in 0..acts {
        if at == acts / 3 {
            script += "m0";
        }
        // Only the one lane that is kept knows `K`, and only the ring of the answers knows `A`.
        script += &match random.one(ACTS) {
            'K' => "l7K7".to_owned(),
            'A' => "nagalbAb".to_owned(),
            act => format!("{act}{}", random.one(&['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b'])),
        };
    }
    script + "m0"
}

/// A script of acts by chance, some before the first breakpoint.
pub(crate) fn by_chance(random: &mut Random, lanes: u64, acts: usize) -> String {
    const ACTS: &[char] = &['l', 'l', 'd', 'p', 'p', 'p', 'n', 'n', 'g', 'g', 'g', 'o', 'o', 'y', 'y', 'G'];
    const TURNS: &[char] = &['S', 'S', 's', 'R', 'R', 'r'];
    let mut script = String::from("J0W0W1S0R0S1R1S2R2S3R3S4R4");
    for at in 0..acts {
        if at == acts / 3 {
            script += "m0";
        }
        let act = match random.below(24) {
            0 => format!("{}0", random.one(&['a', 'c', 'i', 'w'])),
            1..4 => format!("{}{}", random.one(TURNS), random.below(lanes)),
            _ => format!("{}{}", random.one(ACTS), random.below(lanes)),
        };
        script += &act;
    }
    script + "m0"
}
