//! PNG pictures for reports and talks: slices of original and decoded fields side by side, and line plots.
//!
//! ```no_run
//! use neuvol_tools::preview::{FigureSpec, MiddleSlices, slice_figure};
//!
//! let dims = [2, 3, 4];
//! let mut slices = MiddleSlices::new(dims);
//! for z in 0..dims[0] {
//!     slices.add_plane(z, &[1.0; 12], &[1.01; 12]);
//! }
//! let figure = slice_figure(&FigureSpec {
//!     title: "PM25, 12:00",
//!     units: "ug m-3",
//!     psnr_db: Some(42.1),
//!     slices: slices.slices(),
//!     ..FigureSpec::default()
//! });
//! figure.save_png("pm25.png".as_ref()).unwrap();
//! ```

mod bars;
mod canvas;
mod colours;
mod figure;
mod heat;
mod panel;
mod plot;
mod slices;
mod ticks;

pub use bars::{Bar, bar_chart};
pub use canvas::RgbImage;
pub use figure::{FigureSpec, slice_figure};
pub use heat::{HeatMap, HeatPlane, heat_map};
pub use plot::{LinePlot, Series, line_plot};
pub use slices::{MiddleSlices, Slice};
