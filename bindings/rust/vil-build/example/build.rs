//! Generates `weather.rs` from the contract.

fn main() -> Result<(), vil_build::Error> {
    vil_build::Config::new().program("contract/weather.yaml").generate()?;
    Ok(())
}
