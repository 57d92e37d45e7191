//! What is said where CUDA cannot be used. `NEUVOL_EXPECT_CUDA` has a part of the message that the driver should give rise to.
#![allow(clippy::print_stdout, reason = "the message")]

use neuvol_cuda::{Gpu, Limits, devices};

#[test]
fn a_driver_that_cannot_be_used_says_why() {
    let expected = std::env::var("NEUVOL_EXPECT_CUDA");
    let found = devices().map_err(|reason| reason.to_string()).and_then(|devices| {
        // The driver may still refuse the kernels.
        Gpu::new(&devices[0], Limits::default()).map(|gpu| gpu.device().name.clone()).map_err(|error| error.to_string())
    });
    println!("{found:?}");
    if let Ok(expected) = expected {
        let message = found.expect_err("it cannot be used");
        assert!(message.contains(&expected), "{message}: does not say {expected:?}");
    }
}
