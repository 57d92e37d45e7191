use super::html::escape;
use super::*;
use crate::metrics::{Comparison, ValueRange};
use neuvol_engine::OpenOptions;

/// A document about values that `decoded` makes of 0, 1, 2, ...; names try to be markup.
fn document(decoded: fn(f32) -> f32) -> Document {
    let range = ValueRange { min: 0.0, max: 63.0 };
    let mut comparison = Comparison::new(range, [8; 3], Options::default());
    for _ in 0..2 {
        comparison
            .add_step([1, 8, 8], |_, a, b| {
                (0..64).for_each(|i| (a[i], b[i]) = (i as f32, decoded(i as f32)));
                Ok::<(), ()>(())
            })
            .unwrap();
    }
    let bytes = rate::tests::file(&[120, 50, 9], [[0, 1, 0, 1], [0, 2, 2, 2]]);
    let volume = Volume::from_vec(bytes, OpenOptions::default()).unwrap();
    let model = Model { name: "<b>\"m\" & 'n'</b>".into(), file: "a\u{1}b.neuvol".into(), volume };
    let rate = rate::rates(&model).unwrap().swap_remove(0);
    let measured = Measured {
        model: model.name.clone(),
        bytes: rate.total(),
        bits_per_value: f64::NAN,
        report: comparison.finish(),
    };
    let variable = VariableReport {
        name: "</td><script>".into(),
        units: "<i>".into(),
        long_name: "&".into(),
        time: None,
        measured: vec![Some(measured), None],
        rate,
        worst: None,
    };
    let info = || ModelInfo::read(&model).unwrap();
    Document { original: "x<y".into(), models: vec![info(), info()], variables: vec![variable] }
}

#[test]
fn markup_in_names_stays_text() {
    assert_eq!(
        escape("<a b=\"c\" d='e'>&\u{0}\u{1b}é"),
        "&lt;a b=&quot;c&quot; d=&#39;e&#39;&gt;&amp;\u{fffd}\u{fffd}é"
    );
    let (html, pictures) = page(&document(|v| v + 1.0)).unwrap();
    assert!(!html.contains("<script") && !html.contains("<b>") && !html.contains("<i>"));
    assert!(html.contains("&lt;/td&gt;&lt;script&gt;") && html.contains("x&lt;y"));
    assert!(pictures.iter().all(|picture| !picture.file.contains(['<', '/', '>'])));
}

#[test]
fn figures_without_a_value_are_null_or_words() {
    for decoded in [|v| v, |_| f32::NAN] {
        let document = document(decoded);
        let json = serde_json::to_string(&document).unwrap();
        assert!(!json.contains("NaN") && !json.contains("inf"), "{json}");
        let value: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert!(value["variables"][0]["measured"][0]["total"]["psnr_db"].is_null());
        assert!(value["variables"][0]["measured"][1].is_null());
        let (html, _) = page(&document).unwrap();
        // Base64 may hold any word.
        let text: String = html.split("base64,").map(|part| part.split_once('"').map_or(part, |p| p.1)).collect();
        assert!(!text.contains("NaN") && !text.contains("inf "), "{text}");
        assert_eq!(text.contains("lossless"), decoded(1.0) == 1.0);
    }
}

#[test]
fn parts_sum_up_to_the_file() {
    let document = document(|v| v);
    for model in &document.models {
        assert_eq!(model.parts.iter().map(|part| part.bytes).sum::<u64>(), model.bytes);
        let blocks = model.parts.iter().find(|part| part.part == "wavelet blocks").unwrap();
        assert_eq!((blocks.count, blocks.bytes), (3, 179));
    }
}

#[test]
fn what_the_encoder_says_is_shown() {
    let document = document(|v| v);
    let model = &document.models[0];
    assert_eq!((model.loss_every, model.cpu_seconds), (Some(50.0), Some(12.5)));
    let losses = &model.losses["a"];
    assert!(losses[0] == 0.5 && losses[1].is_nan() && losses[2] == 0.1);
    assert_eq!(serde_json::to_value(model).unwrap()["losses"]["a"], serde_json::json!([0.5, null, 0.1]));
    let (html, pictures) = page(&document).unwrap();
    assert!(pictures.iter().any(|picture| picture.file == "losses.png"));
    assert!(html.contains("train.steps") && html.contains("&lt;p&gt;") && html.contains("12.5 s of CPU time"));
    assert!(!html.contains("loss_every"));
}
