# A line for each server, with its spread as a band. The first ones, `grey`, are those that do not stand out.
name = "growth"; width = 500; height = 460
load plots."/style.gp"
data = folder."/growth.dat"
set logscale xy
set rmargin at screen 0.62 # then a name
set xrange [1 : most]
set yrange [bottom : top]
set xlabel "clients who send"
set ylabel "CPU time a message; 1 = the kernel's floor"
set xtics (1, 10, 50, 200, "1,000" 1000, "10,000" 10000)
set arrow from graph 0, first 1 to graph 1, first 1 nohead linecolor "#646464" dashtype 2
set label "the kernel's floor" at graph 0.02, first 0.9 textcolor "#646464"
plot for [i = 0 : rows - 1] data index i using 1:3:4 with filledcurves fillstyle transparent solid 0.18 noborder linecolor rgb line_colour(i) notitle, \
     for [i = 0 : rows - 1] data index i using 1:2 with linespoints linecolor rgb line_colour(i) linewidth 2 pointtype (i % 2 ? 7 : 5) pointsize 0.5 notitle, \
     folder."/growth-names.dat" using 1:2:3:(name_colour($4)) with labels left offset 0.6, 0 textcolor rgb variable notitle
