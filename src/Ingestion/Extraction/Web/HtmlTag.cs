using System.Collections.Frozen;

namespace Ingestion.Extraction.Web;

/// <summary>
/// The name of an element. Names that mean nothing to the reader get numbers from <see cref="HtmlTags.Known"/> on, page by page;
/// elements of drawings and of formulas are marked, so that none is taken for the element of the same name in a page.
/// </summary>
internal enum HtmlTag
{
    None,
    A, Abbr, Address, Annotation, AnnotationXml, Applet, Area, Article, Aside, Audio, B, Base, Basefont, Bdo, Bgsound, Big, Blockquote,
    Body, Br, Button, Canvas, Caption, Center, Cite, Code, Col, Colgroup, Datalist, Dd, Del, Desc, Details, Dialog, Dir, Div, Dl, Dt, Em,
    Embed, Fieldset, Figcaption, Figure, Font, Footer, ForeignObject, Form, Frame, Frameset, H1, H2, H3, H4, H5, H6, Head, Header,
    Hgroup, Hr, Html, I, Iframe, Image, Img, Input, Ins, Kbd, Keygen, Label, Legend, Li, Link, Listing, Main, Map, Mark, Marquee, Math,
    Menu, Meta, Meter, Mi, Mn, Mo, Ms, Mtext, Mglyph, Malignmark, Nav, Nobr, Noembed, Noframes, Noscript, Object, Ol, Optgroup, Option,
    P, Param, Plaintext, Pre, Progress, Q, Rb, Rp, Rt, Rtc, Ruby, S, Samp, Script, Search, Section, Select, Small, Source, Span, Strike,
    Strong, Style, Sub, Summary, Sup, Svg, Table, Tbody, Td, Template, Textarea, Tfoot, Th, Thead, Time, Title, Tr, Track, Tt, U, Ul, Var,
    Video, Wbr, Xmp,
}

/// <summary>What the rules of the HTML standard, and the reader after them, want to know of an element's name.</summary>
[Flags]
internal enum HtmlTraits
{
    None = 0,

    /// <summary>End tags of other elements do not reach beyond it.</summary>
    Special = 1,

    /// <summary>Opened again in the next block where it was not closed in the last.</summary>
    Formatting = 2,

    /// <summary>Has no content.</summary>
    Void = 4,

    /// <summary>Ends where its parent does.</summary>
    EndIsImplied = 8,

    /// <summary>What is open outside it cannot be closed inside it.</summary>
    Scope = 16,

    /// <summary>Stands directly in a table, where text may not.</summary>
    TableParts = 32,

    /// <summary>Never part of the text: not shown, or not text.</summary>
    Hidden = 64,

    /// <summary>Stands in lines of its own.</summary>
    Block = 128,

    /// <summary>Ends a drawing or a formula in which it is met.</summary>
    LeavesForeign = 256,

    /// <summary>As <see cref="EndIsImplied"/>, where a template ends.</summary>
    EndIsImpliedInTemplate = 512,
}

/// <summary>Elements by their names.</summary>
internal static class HtmlTags
{
    /// <summary>The first number that is no name of <see cref="HtmlTag"/>.</summary>
    public const int Known = 256;

    private const int Drawing = 0x10000, Formula = 0x20000;

    private static readonly FrozenDictionary<string, HtmlTag> ByName = Enum.GetValues<HtmlTag>().Where(tag => tag != HtmlTag.None)
        .ToFrozenDictionary(Name, StringComparer.OrdinalIgnoreCase);

    private static readonly FrozenDictionary<string, HtmlTag>.AlternateLookup<ReadOnlySpan<char>> BySpan =
        ByName.GetAlternateLookup<ReadOnlySpan<char>>();

    private static readonly HtmlTraits[] All = MakeTraits();

    public static bool TryFind(ReadOnlySpan<char> name, out HtmlTag tag) => BySpan.TryGetValue(name, out tag);

    /// <summary>Of a known element, as the standard writes it, in small letters.</summary>
    public static string Name(HtmlTag tag) => tag == HtmlTag.AnnotationXml ? "annotation-xml" : tag.ToString().ToLowerInvariant();

    public static bool Is(this HtmlTag tag, HtmlTraits traits) => (tag.Traits() & traits) != 0;

    public static HtmlTraits Traits(this HtmlTag tag)
    {
        if ((uint)tag < (uint)All.Length) return All[(int)tag];
        return tag.IsTextOfFormula() || tag.HoldsHtml() || tag == HtmlTag.AnnotationXml.InFormula()
            ? HtmlTraits.Special | HtmlTraits.Scope : HtmlTraits.None;
    }

    public static bool IsForeign(this HtmlTag tag) => (int)tag >= Drawing;

    public static bool IsDrawing(this HtmlTag tag) => ((int)tag & Drawing) != 0;

    public static HtmlTag InDrawing(this HtmlTag tag) => (HtmlTag)((int)tag | Drawing);

    public static HtmlTag InFormula(this HtmlTag tag) => (HtmlTag)((int)tag | Formula);

    /// <summary>The same name as an element of a page.</summary>
    public static HtmlTag Local(this HtmlTag tag) => (HtmlTag)((int)tag & (Drawing - 1));

    /// <summary>Within these parts of a formula, text and elements are those of a page.</summary>
    public static bool IsTextOfFormula(this HtmlTag tag) => tag.IsForeign() && !tag.IsDrawing()
        && tag.Local() is HtmlTag.Mi or HtmlTag.Mo or HtmlTag.Mn or HtmlTag.Ms or HtmlTag.Mtext;

    /// <summary>Within these parts of a drawing too.</summary>
    public static bool HoldsHtml(this HtmlTag tag) => tag.IsDrawing()
        && tag.Local() is HtmlTag.ForeignObject or HtmlTag.Desc or HtmlTag.Title;

    private static HtmlTraits[] MakeTraits()
    {
        var traits = new HtmlTraits[Known];
        Add(HtmlTraits.Special,
            "address applet area article aside base basefont bgsound blockquote body br button caption center col colgroup dd details "
            + "dir div dl dt embed fieldset figcaption figure footer form frame frameset h1 h2 h3 h4 h5 h6 head header hgroup hr html "
            + "iframe img input keygen li link listing main marquee menu meta nav noembed noframes noscript object ol p param plaintext pre "
            + "script search section select source style summary table tbody td template textarea tfoot th thead title tr track ul wbr "
            + "xmp");
        Add(HtmlTraits.Formatting, "a b big code em font i nobr s small strike strong tt u");
        Add(HtmlTraits.Void, "area base basefont bgsound br col embed frame hr img input keygen link meta param source track wbr");
        Add(HtmlTraits.EndIsImplied, "dd dt li optgroup option p rb rp rt rtc");
        Add(HtmlTraits.EndIsImpliedInTemplate, "caption colgroup tbody td tfoot th thead tr");
        Add(HtmlTraits.Scope, "applet caption html marquee object select table td template th");
        Add(HtmlTraits.TableParts, "table tbody tfoot thead tr");
        Add(HtmlTraits.Hidden,
            "script style template noscript select textarea input datalist object iframe head canvas audio video embed noframes noembed "
            + "progress meter rp dialog map");
        Add(HtmlTraits.Block,
            "p div li ul ol td th tr table h1 h2 h3 h4 h5 h6 section article main header footer aside nav blockquote pre figure "
            + "figcaption caption dl dt dd address center details summary fieldset form hgroup hr legend menu dir search listing xmp plaintext "
            + "body thead tbody tfoot button");
        Add(HtmlTraits.LeavesForeign,
            "b big blockquote body br center code dd div dl dt em embed h1 h2 h3 h4 h5 h6 head hr i img li listing menu meta nobr ol p pre "
            + "ruby s small span strong strike sub sup table tt u ul var");
        return traits;

        void Add(HtmlTraits trait, string names)
        {
            foreach (var name in names.Split(' ')) traits[(int)ByName[name]] |= trait;
        }
    }
}
