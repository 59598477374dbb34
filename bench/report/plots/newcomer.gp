# A line for each server: the wait of one newcomer behind more and more silent clients. The first ones, `grey`, do not stand out.
name = "newcomer"; width = 500; height = 420
load plots."/style.gp"
data = folder."/newcomer.dat"
set logscale y
set rmargin at screen 0.62 # then a name
set xrange [-0.2 : 4.2]
set yrange [bottom : top]
set xtics ("0" 0, "1" 1, "4" 2, "16" 3, "64" 4)
set ytics ("0.1 ms" 100, "1 ms" 1e3, "10 ms" 1e4, "0.1 s" 1e5, "1 s" 1e6, "10 s" 1e7)
set xlabel "silent clients who came first"
set ylabel "the newcomer's wait"
set arrow from graph 0, first limit to graph 1, first limit nohead linecolor "#646464" dashtype 2
set label "here it gave up" at graph 0.02, first limit * 1.5 textcolor "#646464"
plot for [i = 0 : rows - 1] data index i using 1:3:4 with filledcurves fillstyle transparent solid 0.18 noborder linecolor rgb line_colour(i) notitle, \
     for [i = 0 : rows - 1] data index i using 1:2 with linespoints linecolor rgb line_colour(i) linewidth 2 pointtype (i % 2 ? 7 : 5) pointsize 0.5 notitle, \
     folder."/newcomer-names.dat" using 1:2:3:(name_colour($4)) with labels left offset 0.6, 0 textcolor rgb variable notitle
