/// The style sheet of the HTML report: light and dark, wide and narrow, screen and paper. The slate, blue and vermilion are told apart by
/// colour-blind readers (after Okabe and Ito's palette), and shapes and words say the same.
enum HTMLStyle {
  static let sheet = palette + page + tables + plots + texts + paper

  /// Contrast of every text to its ground is at least 4.5 to 1.
  private static let palette = """
    :root{color-scheme:light dark;--ground:#fff;--raised:#f6f7f8;--ink:#1b2026;--quiet:#596470;--rule:#e0e4e8;\
    --reference:#6b7680;--model:#0a65ad;--other:#9aa5af;--loss:#bf3f0b;--gain:#0b7757;\
    --passing:#e8f4ef;--failing:#fdeee6;--special:#e8eef5}
    @media (prefers-color-scheme:dark){:root{--ground:#14171a;--raised:#1c2024;--ink:#e6e8ea;--quiet:#9da8b2;\
    --rule:#2c3238;--reference:#a2adb8;--model:#6cb4f4;--other:#75828f;--loss:#ff8a5a;--gain:#58c9a6;\
    --passing:#15302a;--failing:#3a2218;--special:#22303e}}

    """

  private static let page = """
    *{box-sizing:border-box}
    html{-webkit-text-size-adjust:100%;text-size-adjust:100%}
    body{margin:0;background:var(--ground);color:var(--ink);font:15px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,\
    "Noto Sans","Liberation Sans",Helvetica,Arial,sans-serif}
    main,header,footer{max-width:72rem;margin:0 auto;padding:0 1.25rem}
    h1{font-size:1.45rem;line-height:1.3;font-weight:650;margin:.1rem 0 .5rem;overflow-wrap:anywhere}
    h2{font-size:1.15rem;font-weight:650;margin:0 0 .35rem}
    h3{font-size:1rem;font-weight:650;margin:1.6rem 0 .4rem;overflow-wrap:anywhere}
    p{margin:.4rem 0;max-width:46rem}
    section{margin:2.6rem 0;padding-top:1.1rem;border-top:1px solid var(--rule)}
    code{font:.92em/1.4 ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono",monospace;overflow-wrap:anywhere}
    .quiet,figcaption,caption,footer,.unit{color:var(--quiet)}
    .banner{margin:1.5rem 0 0;padding:1.1rem 1.3rem 1.2rem;border-left:6px solid;border-radius:3px;max-width:none}
    .banner.pass{background:var(--passing);border-color:var(--gain)}
    .banner.fail{background:var(--failing);border-color:var(--loss)}
    .mark{display:inline-block;font-weight:700;letter-spacing:.08em;font-size:.85rem}
    .pass>.mark,b.pass{color:var(--gain)}
    .fail>.mark,b.fail{color:var(--loss)}
    .banner ul{margin:.3rem 0 0;padding-left:1.2rem}
    .banner p{margin:0}
    .tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,13rem),1fr));gap:1px;margin:1.2rem 0 0;\
    background:var(--rule);border:1px solid var(--rule);border-radius:3px;overflow:hidden}
    .tiles div{background:var(--ground);padding:.75rem 1rem .8rem}
    .tiles dt{font-size:.85rem;color:var(--quiet)}
    .tiles dd{margin:0;font-variant-numeric:tabular-nums}
    .tiles dd.figure{font-size:1.35rem;font-weight:600;line-height:1.35;white-space:nowrap}
    .tiles dd.unit{font-size:.85rem}
    nav{margin:1.1rem 0 0;font-size:.9rem}
    nav ul{display:flex;flex-wrap:wrap;gap:.2rem 1.1rem;list-style:none;margin:0;padding:0}
    a{color:var(--model)}
    nav a{text-decoration:none}
    nav a:hover{text-decoration:underline}
    .items{display:grid;grid-template-columns:minmax(7rem,max-content) 1fr;gap:.3rem 1.2rem;margin:.8rem 0;\
    overflow-wrap:anywhere}
    .items dt{color:var(--quiet)}
    .items dd{margin:0}
    .items small{display:block;font-size:.87rem;color:var(--quiet)}
    .notes{padding-left:1.1rem;max-width:46rem;overflow-wrap:anywhere}
    details{margin:.8rem 0}
    summary{cursor:pointer;color:var(--model)}
    footer{margin:3rem auto 2rem;font-size:.85rem}

    """

  private static let tables = """
    .pair{display:grid;grid-template-columns:minmax(0,1fr);gap:1.2rem 2.2rem;align-items:start}
    @media (min-width:60rem){.pair{grid-template-columns:minmax(0,29rem) minmax(0,1fr)}}
    .pair>*{min-width:0}
    .scroll{overflow-x:auto;margin:.9rem 0 1.3rem}
    table{border-collapse:collapse;font-size:.9rem;font-variant-numeric:tabular-nums}
    caption{text-align:left;font-size:.87rem;padding:0 0 .35rem;caption-side:top}
    caption>span{display:block;position:sticky;left:0;max-width:min(44rem,calc(100vw - 2.5rem))}
    .pair table{font-size:.86rem}
    th,td{padding:.3rem .8rem;text-align:left;vertical-align:top;border-bottom:1px solid var(--rule)}
    th:first-child,td:first-child{padding-left:0}
    th:last-child,td:last-child{padding-right:0}
    thead th{font-weight:600;font-size:.85rem;color:var(--quiet);vertical-align:bottom;border-bottom-color:var(--quiet)}
    tbody th{font-weight:400}
    .n{text-align:right;white-space:nowrap}
    th[scope=row]{white-space:nowrap}
    .pair th,.pair td{padding-left:.5rem;padding-right:.5rem}
    .pair :is(th,td):first-child{padding-left:0}
    .pair :is(th,td):last-child{padding-right:0}
    th.name[scope=row],.name{white-space:normal;min-width:9rem;max-width:24rem;overflow-wrap:anywhere}
    tr.bad>:first-child,tr.bad .key{color:var(--loss);font-weight:600}
    tr.total>*{border-top:2px solid var(--quiet);font-weight:600}

    """

  private static let plots = """
    figure{margin:.8rem 0}
    figcaption{font-size:.87rem;max-width:32rem;margin-top:.3rem}
    svg{display:block;width:100%;height:auto;max-width:29rem;overflow:visible}
    svg text{font-size:12px;fill:var(--quiet);font-variant-numeric:tabular-nums}
    svg text.title{fill:var(--ink)}
    svg path{fill:none;stroke-width:1.5;stroke:currentColor}
    svg .grid{stroke:var(--rule);stroke-width:1}
    svg .axis,svg .zero{stroke:var(--quiet);stroke-width:1}
    svg .diagonal{stroke:var(--quiet);stroke-width:1;opacity:.6}
    svg .threshold{stroke:var(--ink);stroke-width:1;stroke-dasharray:5 4}
    svg .quantile{stroke:var(--quiet);stroke-width:1;stroke-dasharray:2 3}
    svg .bound{stroke:var(--loss);stroke-width:2;stroke-dasharray:4 2}
    svg .dots{stroke-linecap:round;stroke-width:3.6}
    svg .dots.key{stroke-width:7}
    svg .dots.few{stroke-width:6}
    svg .other{stroke:var(--other);opacity:.75}
    svg .true{stroke:var(--model);opacity:.75}
    svg .flip{stroke:var(--loss);fill:var(--loss);fill-opacity:.25;stroke-width:1.6}
    svg .bar{fill:var(--other);stroke:none}
    svg .model{stroke:var(--model)}
    svg .reference{stroke:var(--reference)}
    svg .loss{stroke:var(--loss)}
    svg .gain{stroke:var(--gain)}
    svg .whisker{stroke-width:2}
    svg .change{stroke-width:3}
    svg .point{stroke-width:1}
    svg .point.model,svg .filled.model{fill:var(--model)}
    svg .point.loss{fill:var(--loss)}
    svg .point.gain{fill:var(--gain)}
    svg .filled.reference{fill:var(--reference);stroke-width:1}
    svg .hollow{fill:var(--ground);stroke-width:2}
    svg .hollow.loss{stroke-width:3}
    svg .curve.wide{stroke-width:5;opacity:.45}
    svg .curve.model{stroke-width:1.8}
    svg .curve.dashed{stroke-dasharray:6 4}

    """

  private static let texts = """
    blockquote{margin:.5rem 0;padding:.1rem .9rem;border-inline-start:3px solid var(--rule);max-width:46rem;\
    overflow-wrap:anywhere;white-space:pre-wrap}
    .tokens{display:flex;flex-wrap:wrap;gap:3px;font:.8rem/1.45 ui-monospace,SFMono-Regular,Menlo,Consolas,\
    "Liberation Mono",monospace;margin:.5rem 0}
    .tokens>*{padding:0 .3rem;border:1px solid var(--rule);border-radius:3px;font-weight:400;max-width:100%;\
    overflow-wrap:anywhere;white-space:pre-wrap}
    .tokens b{background:var(--special);border-color:var(--special);color:var(--quiet)}
    .tokens mark{background:none;color:var(--loss);border:2px solid var(--loss);font-weight:700}
    .score{display:flex;justify-content:flex-end;align-items:center;gap:.5rem}
    .score i{flex:none;width:5rem;height:.55rem;background:var(--raised);box-shadow:inset 0 0 0 1px var(--rule)}
    .score i>s{display:block;height:100%;background:var(--reference)}
    .score i>s.model{background:var(--model)}
    @media (max-width:34rem){body{font-size:14px}svg text{font-size:13px}.score i{width:2.6rem}.items{grid-template-columns:1fr;gap:0}\
    .items dd{margin-bottom:.6rem}th,td{padding:.3rem .5rem}.banner{padding:.9rem 1rem}}

    """

  private static let paper = """
    @page{size:A4;margin:15mm}
    @media print{:root{color-scheme:light;--ground:#fff;--raised:#f6f7f8;--ink:#1b2026;--quiet:#4d5761;\
    --rule:#d4d9de;--reference:#6b7680;--model:#0a65ad;--other:#9aa5af;--loss:#bf3f0b;--gain:#0b7757;\
    --passing:#e8f4ef;--failing:#fdeee6;--special:#e8eef5}
    *{print-color-adjust:exact;-webkit-print-color-adjust:exact}
    html{font-size:12.5px}body{font-size:1rem}
    main,header,footer{max-width:none;padding:0}
    nav,details{display:none}
    .pair{grid-template-columns:minmax(0,1fr);gap:.6rem 1.4rem}
    .pair:not(:has(table)){grid-template-columns:1fr 1fr}
    .scroll{overflow:visible}
    th,td{padding:.15rem .5rem}
    section{margin:1.4rem 0}
    h2,h3,caption{break-after:avoid}
    figure,tr,.banner,.tiles,blockquote{break-inside:avoid}
    thead{display:table-header-group}}
    """
}
