using System.Collections.Frozen;
using System.Text;

namespace Ingestion.Extraction.Office;

/// <summary>LaTeX names of the characters that equations use.</summary>
internal static class LatexSymbols
{
    private static readonly FrozenDictionary<char, string> Names = new Dictionary<char, string>
    {
        ['α'] = "alpha", ['β'] = "beta", ['γ'] = "gamma", ['δ'] = "delta", ['ε'] = "varepsilon", ['ϵ'] = "epsilon", ['ζ'] = "zeta",
        ['η'] = "eta", ['θ'] = "theta", ['ϑ'] = "vartheta", ['ι'] = "iota", ['κ'] = "kappa", ['λ'] = "lambda", ['μ'] = "mu", ['ν'] = "nu",
        ['ξ'] = "xi", ['π'] = "pi", ['ρ'] = "rho", ['σ'] = "sigma", ['ς'] = "varsigma", ['τ'] = "tau", ['υ'] = "upsilon", ['φ'] = "varphi",
        ['ϕ'] = "phi", ['χ'] = "chi", ['ψ'] = "psi", ['ω'] = "omega",
        ['Γ'] = "Gamma", ['Δ'] = "Delta", ['Θ'] = "Theta", ['Λ'] = "Lambda", ['Ξ'] = "Xi", ['Π'] = "Pi", ['Σ'] = "Sigma", ['Υ'] = "Upsilon",
        ['Φ'] = "Phi", ['Ψ'] = "Psi", ['Ω'] = "Omega",
        ['±'] = "pm", ['∓'] = "mp", ['×'] = "times", ['÷'] = "div", ['⋅'] = "cdot", ['∙'] = "cdot", ['·'] = "cdot", ['∘'] = "circ",
        ['≤'] = "leq", ['≥'] = "geq", ['≠'] = "neq", ['≈'] = "approx", ['≡'] = "equiv", ['≅'] = "cong", ['∼'] = "sim", ['∝'] = "propto",
        ['≪'] = "ll", ['≫'] = "gg", ['∈'] = "in", ['∉'] = "notin", ['∋'] = "ni", ['⊂'] = "subset", ['⊆'] = "subseteq", ['⊃'] = "supset",
        ['⊇'] = "supseteq", ['∪'] = "cup", ['∩'] = "cap", ['∅'] = "emptyset", ['∀'] = "forall", ['∃'] = "exists", ['¬'] = "neg",
        ['∧'] = "wedge", ['∨'] = "vee", ['⊕'] = "oplus", ['⊗'] = "otimes", ['⊥'] = "perp", ['∥'] = "parallel", ['∠'] = "angle",
        ['→'] = "to", ['←'] = "leftarrow", ['↔'] = "leftrightarrow", ['⇒'] = "Rightarrow", ['⇐'] = "Leftarrow", ['⇔'] = "Leftrightarrow",
        ['↦'] = "mapsto", ['∞'] = "infty", ['∂'] = "partial", ['∇'] = "nabla", ['√'] = "surd", ['∑'] = "sum", ['∏'] = "prod",
        ['∐'] = "coprod",
        ['∫'] = "int", ['∬'] = "iint", ['∭'] = "iiint", ['∮'] = "oint", ['⋃'] = "bigcup", ['⋂'] = "bigcap", ['…'] = "ldots",
        ['⋯'] = "cdots",
        ['⋮'] = "vdots", ['⋱'] = "ddots", ['ℏ'] = "hbar", ['ℓ'] = "ell", ['⟨'] = "langle", ['⟩'] = "rangle", ['‖'] = "Vert",
        ['⌈'] = "lceil", ['⌉'] = "rceil", ['⌊'] = "lfloor", ['⌋'] = "rfloor",
    }.ToFrozenDictionary();

    private static readonly FrozenSet<string> Functions = FrozenSet.ToFrozenSet(
    [
        "sin", "cos", "tan", "cot", "sec", "csc", "arcsin", "arccos", "arctan", "sinh", "cosh", "tanh", "coth", "log", "ln", "lg", "exp",
        "lim", "max", "min", "sup", "inf", "det", "dim", "ker", "deg", "gcd", "arg", "Pr",
    ]);

    /// <summary>Plain letters for mathematical ones (𝑎 is a), commands for the signs that have one.</summary>
    public static string Translate(string text)
    {
        if (System.Text.Ascii.IsValid(text)) return text;
        var latex = new StringBuilder(text.Length + 16);
        foreach (var rune in text.EnumerateRunes())
        {
            // Mathematical alphanumerics: bold, italic, script letters of the same alphabets.
            var plain = rune.Value is >= 0x1D400 and <= 0x1D7FF ? rune.ToString().Normalize(NormalizationForm.FormKC) : rune.ToString();
            if (plain.Length == 1 && Names.TryGetValue(plain[0], out var name)) latex.Append(" \\").Append(name).Append(' ');
            else if (plain is "−") latex.Append('-');
            else if (plain is not ("\u2061" or "\u2062" or "\u2063" or "\u200B")) latex.Append(plain);
        }
        return latex.ToString();
    }

    public static string Function(string name) => Functions.Contains(name.Trim()) ? "\\" + name.Trim() : name;

    public static string Accent(string sign) => sign switch
    {
        "\u0303" or "~" => "\\tilde",
        "\u0304" or "\u0305" or "¯" => "\\bar",
        "\u0307" or "˙" => "\\dot",
        "\u0308" or "¨" => "\\ddot",
        "\u20D7" or "→" => "\\vec",
        "\u030C" or "ˇ" => "\\check",
        "\u0306" or "˘" => "\\breve",
        _ => "\\hat",
    };
}
