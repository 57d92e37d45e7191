//! `cargo xtask setup`: what a build or a test run finds ready afterwards.

use crate::cmake;
use crate::debian::{self, Purpose};
use crate::failure::Failure;
use crate::libtorch::{self, Flavour};
use crate::wheels::Plan;
use crate::workspace::Workspace;

/// Makes the machine and this checkout ready for `purpose`. Changes nothing where nothing is missing.
pub(crate) fn ensure(workspace: &Workspace, purpose: Purpose, flavour: Flavour) -> Result<(), Failure> {
    let (cmake, libtorch) = (cmake::plan(workspace), libtorch::plan(workspace, flavour));
    // All packages in one go, so that a person who must install them by hand has to do it once.
    debian::ensure(purpose, cmake == Plan::Fetch || libtorch == Plan::Fetch)?;
    cmake::carry_out(workspace, &cmake)?;
    libtorch::carry_out(workspace, flavour, &libtorch)
}
