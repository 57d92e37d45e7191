//! Eigenvectors of symmetric matrices: Householder reduction and QL iterations with implicit shifts (Bowdler, Martin, Reinsch,
//! Wilkinson 1968; Golub & Van Loan, "Matrix Computations", 8.3). Some n³ operations, where Jacobi's rotations take ten times
//! as many.

/// QL iterations for one eigenvalue; two are usual.
const MAX_ITERATIONS: usize = 60;

/// Eigenvalues, largest first, and the eigenvectors of a symmetric matrix `[row][column]` of `n` rows as the columns of a
/// matrix of the same shape.
pub(super) fn eigen(matrix: &[f64], n: usize) -> (Vec<f64>, Vec<f64>) {
    let mut v = matrix.to_vec();
    let (mut d, mut e) = (vec![0.0; n], vec![0.0; n]);
    tridiagonal(&mut v, &mut d, &mut e);
    // Rotations act on columns: in the transpose these are rows, which lie together.
    let mut rows = transposed(&v, n);
    diagonal(&mut rows, &mut d, &mut e);
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|&a, &b| d[b].total_cmp(&d[a]));
    let mut vectors = vec![0.0; n * n];
    for (column, &from) in order.iter().enumerate() {
        for row in 0..n {
            vectors[row * n + column] = rows[from * n + row];
        }
    }
    (order.into_iter().map(|k| d[k]).collect(), vectors)
}

fn transposed(m: &[f64], n: usize) -> Vec<f64> {
    (0..n * n).map(|i| m[i % n * n + i / n]).collect()
}

/// Replaces the matrix by an orthogonal one that makes it tridiagonal: `d` is the diagonal, `e[1..]` what stands beside it.
fn tridiagonal(v: &mut [f64], d: &mut [f64], e: &mut [f64]) {
    let n = d.len();
    d.copy_from_slice(&v[(n - 1) * n..]);
    for i in (1..n).rev() {
        let scale: f64 = d[..i].iter().map(|x| x.abs()).sum();
        let mut h = 0.0;
        if scale == 0.0 {
            e[i] = d[i - 1];
            for j in 0..i {
                d[j] = v[(i - 1) * n + j];
                v[i * n + j] = 0.0;
                v[j * n + i] = 0.0;
            }
        } else {
            for x in &mut d[..i] {
                *x /= scale;
                h += *x * *x;
            }
            let f = d[i - 1];
            let g = if f > 0.0 { -h.sqrt() } else { h.sqrt() };
            e[i] = scale * g;
            h -= f * g;
            d[i - 1] = f - g;
            e[..i].fill(0.0);
            // The lower triangle times the vector.
            for j in 0..i {
                let f = d[j];
                v[j * n + i] = f;
                let mut g = e[j] + v[j * n + j] * f;
                for k in j + 1..i {
                    g += v[k * n + j] * d[k];
                    e[k] += v[k * n + j] * f;
                }
                e[j] = g;
            }
            let mut f = 0.0;
            for j in 0..i {
                e[j] /= h;
                f += e[j] * d[j];
            }
            let hh = f / (h + h);
            for j in 0..i {
                e[j] -= hh * d[j];
            }
            for j in 0..i {
                let (f, g) = (d[j], e[j]);
                for k in j..i {
                    v[k * n + j] -= f * e[k] + g * d[k];
                }
                d[j] = v[(i - 1) * n + j];
                v[i * n + j] = 0.0;
            }
        }
        d[i] = h;
    }
    for i in 0..n - 1 {
        v[(n - 1) * n + i] = v[i * n + i];
        v[i * n + i] = 1.0;
        let h = d[i + 1];
        if h != 0.0 {
            for k in 0..=i {
                d[k] = v[k * n + i + 1] / h;
            }
            for j in 0..=i {
                let g: f64 = (0..=i).map(|k| v[k * n + i + 1] * v[k * n + j]).sum();
                for k in 0..=i {
                    v[k * n + j] -= g * d[k];
                }
            }
        }
        for k in 0..=i {
            v[k * n + i + 1] = 0.0;
        }
    }
    for j in 0..n {
        d[j] = v[(n - 1) * n + j];
        v[(n - 1) * n + j] = 0.0;
    }
    v[n * n - 1] = 1.0;
    e[0] = 0.0;
}

/// Makes a tridiagonal matrix diagonal: `d` becomes the eigenvalues, the rows of `rows` the eigenvectors.
fn diagonal(rows: &mut [f64], d: &mut [f64], e: &mut [f64]) {
    let n = d.len();
    e.rotate_left(1);
    e[n - 1] = 0.0;
    let (mut f, mut largest) = (0.0, 0.0f64);
    for l in 0..n {
        largest = largest.max(d[l].abs() + e[l].abs());
        let m = (l..n).find(|&m| e[m].abs() <= f64::EPSILON * largest).unwrap_or(n - 1);
        for _ in 0..MAX_ITERATIONS {
            if m == l || e[l].abs() <= f64::EPSILON * largest {
                break;
            }
            // The implicit shift.
            let g = d[l];
            let p = (d[l + 1] - g) / (2.0 * e[l]);
            let r = p.hypot(1.0).copysign(p);
            d[l] = e[l] / (p + r);
            d[l + 1] = e[l] * (p + r);
            let after = d[l + 1];
            let h = g - d[l];
            d[l + 2..].iter_mut().for_each(|d| *d -= h);
            f += h;
            let mut p = d[m];
            let (mut c, mut c2, mut c3) = (1.0, 1.0, 1.0);
            let (mut s, mut s2) = (0.0, 0.0);
            let beside = e[l + 1];
            for i in (l..m).rev() {
                (c3, c2, s2) = (c2, c, s);
                let g = c * e[i];
                let h = c * p;
                let r = p.hypot(e[i]);
                e[i + 1] = s * r;
                s = e[i] / r;
                c = p / r;
                p = c * d[i] - s * g;
                d[i + 1] = h + s * (c * g + s * d[i]);
                let (first, second) = rows[i * n..].split_at_mut(n);
                for (a, b) in first.iter_mut().zip(&mut second[..n]) {
                    (*a, *b) = (c * *a - s * *b, s * *a + c * *b);
                }
            }
            p = -s * s2 * c3 * beside * e[l] / after;
            e[l] = s * p;
            d[l] = c * p;
        }
        d[l] += f;
        e[l] = 0.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_are_orthonormal_and_give_the_matrix_back() {
        let mut state = 1u64;
        let mut random = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as f64 / (1u64 << 31) as f64 * 2.0 - 1.0
        };
        for (n, rank) in [(1, 1), (2, 2), (3, 1), (8, 8), (40, 7), (65, 65), (30, 0)] {
            // A Gram matrix of a given rank, with eigenvalues over many magnitudes.
            let vectors: Vec<f64> = (0..n * rank).map(|i| random() * 10f64.powi(-((i / n) as i32 % 5))).collect();
            let mut m = vec![0.0; n * n];
            for vector in vectors.chunks_exact(n) {
                for (i, m) in m.iter_mut().enumerate() {
                    *m += vector[i / n] * vector[i % n];
                }
            }
            let (values, vectors) = eigen(&m, n);
            assert!(values.is_sorted_by(|a, b| a >= b));
            let size = values[0].max(1e-9);
            for i in 0..n {
                for j in 0..n {
                    let dot: f64 = (0..n).map(|k| vectors[k * n + i] * vectors[k * n + j]).sum();
                    assert!((dot - f64::from(i == j)).abs() < 1e-10, "{n} {i} {j}: {dot}");
                    let back: f64 = (0..n).map(|k| vectors[i * n + k] * values[k] * vectors[j * n + k]).sum();
                    assert!((back - m[i * n + j]).abs() < 1e-10 * size, "{n}: {back} {}", m[i * n + j]);
                }
            }
        }
    }
}
